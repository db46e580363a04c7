#include "api/formats.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/quantity.h"
#include "base/strings.h"
#include "base/time.h"

namespace freehold::api {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_upper(c) || is_lower(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

// A letter or one of `also`, then those and digits.
bool is_identifier(std::string_view text, std::string_view also) {
  const auto begins = [also](char c) { return is_letter(c) || also.find(c) != also.npos; };
  return !text.empty() && begins(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return begins(c) || is_digit(c); });
}

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

// The device classes of node.h that a contract can ask for.
constexpr std::array<std::string_view, 7> device_classes{"gpu",      "nic", "rdma-nic", "nvme",
                                                         "nvswitch", "cxl", "other"};

// ISO 3166-1 alpha-2, and XK, which the EU and most registries use for Kosovo.
constexpr std::string_view countries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA "
    "ZM ZW ";

// Decimal degrees: sign, digits, fraction; no exponent.
bool is_degrees(std::string_view text, double most) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || !is_digit(digits.front()) || !is_digit(digits.back())) return false;
  if (!std::ranges::all_of(digits, [](char c) { return is_digit(c) || c == '.'; })) return false;
  const std::optional<double> value = parse_double(text);
  return value && std::abs(*value) <= most;
}

bool is_lower_word(std::string_view text) {
  return !text.empty() && is_lower(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

}  // namespace

// RFC 3986: an absolute path of segments, with an optional query.
bool is_uri_path(std::string_view text) {
  if (!text.starts_with('/')) return false;
  constexpr std::string_view others = "-._~!$&'()*+,;=:@/?";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !from_hex(text.substr(i + 1, 2))) return false;
      i += 2;
    } else if (!is_letter(c) && !is_digit(c) && others.find(c) == others.npos) {
      return false;
    }
  }
  return true;
}

bool is_env_name(std::string_view text) { return is_identifier(text, "_"); }
bool is_metric_name(std::string_view text) { return is_identifier(text, "_:"); }
bool is_cpu_list(std::string_view text) { return parse_cpu_list(text).has_value(); }

bool is_country(std::string_view text) {
  if (text.size() != 2 || !is_upper(text[0]) || !is_upper(text[1])) return false;
  for (size_t at = 0; at + 3 <= countries.size(); at += 3)
    if (countries.substr(at, 2) == text) return true;
  return false;
}

// Quantities know the currencies.
bool is_currency(std::string_view text) {
  return text.size() == 3 && std::ranges::all_of(text, is_upper) &&
         Quantity::parse("1" + std::string(text), Dimension::money).ok();
}

bool is_condition(std::string_view text) {
  if (!text.starts_with('<') && !text.starts_with('>')) return false;
  text.remove_prefix(1);
  if (text.starts_with('=')) text.remove_prefix(1);
  return Quantity::parse_any(trim(text)).ok();
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, is_hex);
}

bool is_start(std::string_view text) { return text == "now" || parse_rfc3339(text).has_value(); }

bool is_latitude(std::string_view text) { return is_degrees(text, 90); }
bool is_longitude(std::string_view text) { return is_degrees(text, 180); }

bool is_config_key(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text != "." && text != ".." &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_verb(std::string_view text) {
  // A verb with a typing error, or one that is not honoured, would grant nothing and say nothing.
  return is_one_of(text,
                   std::array<std::string_view, 9>{"*", "get", "list", "watch", "create", "update",
                                                   "patch", "delete", "deletecollection"});
}

bool is_api_group(std::string_view text) {
  return text.empty() || text == "*" || is_dns_subdomain(text);
}

bool is_resource_name(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view plural = text.substr(0, slash);
  if (plural != "*" && !is_lower_word(plural)) return false;
  if (slash == text.npos) return true;
  const std::string_view sub = text.substr(slash + 1);
  return sub == "*" || is_lower_word(sub);
}

bool is_quota_resource(std::string_view text) {
  return is_one_of(text, std::array<std::string_view, 4>{"cpu", "memory", "power", "money"}) ||
         is_one_of(text, device_classes);
}

bool is_priced_class(std::string_view text) {
  return text == "cpu" || text == "memory" || is_one_of(text, device_classes);
}

bool is_dns_label_(std::string_view text) { return is_dns_label(text); }
bool is_dns_subdomain_(std::string_view text) { return is_dns_subdomain(text); }
bool is_label_key_(std::string_view text) { return is_label_key(text); }
bool is_label_value_(std::string_view text) { return is_label_value(text); }

}  // namespace freehold::api
