// The forms that strings of the API must have, each with a good and a bad sample for tests and
// docs.
#pragma once

#include "schema/schema.h"

namespace freehold::api {

using schema::Format;

bool is_uri_path(std::string_view text);       // "/metrics"
bool is_env_name(std::string_view text);       // C identifier
bool is_cpu_list(std::string_view text);       // "0-3,8"
bool is_country(std::string_view text);        // ISO 3166-1 alpha-2
bool is_currency(std::string_view text);       // ISO 4217
bool is_metric_name(std::string_view text);    // Prometheus
bool is_condition(std::string_view text);      // "<=12/s", ">=80GB"
bool is_digest(std::string_view text);         // 64 hex digits
bool is_start(std::string_view text);          // "now" or RFC 3339
bool is_latitude(std::string_view text);       // "50.11", degrees
bool is_longitude(std::string_view text);      // "-8.68"
bool is_config_key(std::string_view text);     // letters, digits, '-', '_', '.'
bool is_verb(std::string_view text);           // "get", "*"
bool is_api_group(std::string_view text);      // "freehold.dev"; "" is the core group; "*"
bool is_resource_name(std::string_view text);  // "contracts", "contracts/status", "*"
bool is_quota_resource(
    std::string_view text);  // "cpu", "memory", "power", "money", or a device class
bool is_priced_class(std::string_view text);  // "cpu", "memory", or a device class
bool is_dns_label_(std::string_view text);
bool is_dns_subdomain_(std::string_view text);
bool is_label_key_(std::string_view text);
bool is_label_value_(std::string_view text);

inline constexpr Format dns_label{"dns-label", is_dns_label_, "chat-eu", "Chat_EU"};
inline constexpr Format dns_subdomain{"dns-subdomain", is_dns_subdomain_, "fra1.example", "-fra1"};
inline constexpr Format label_key{"label-key", is_label_key_, "freehold.dev/tenant", "a b"};
inline constexpr Format label_value{"label-value", is_label_value_, "acme", "a b"};
inline constexpr Format uri_path{"uri-path", is_uri_path, "/metrics", "metrics"};
inline constexpr Format env_name{"environment-variable", is_env_name, "OMP_NUM_THREADS", "1-X"};
inline constexpr Format cpu_list{"cpu-list", is_cpu_list, "0-3,8", "3-0"};
inline constexpr Format country{"country", is_country, "DE", "Germany"};
inline constexpr Format currency{"currency", is_currency, "EUR", "euro"};
inline constexpr Format metric_name{"metric-name", is_metric_name, "requests_per_second", "1x"};
inline constexpr Format condition{"condition", is_condition, "<=12/s", "about 12"};
inline constexpr Format digest{"digest", is_digest,
                               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "e3b0"};
inline constexpr Format start{"start", is_start, "now", "soon"};
inline constexpr Format latitude{"latitude", is_latitude, "50.11", "91"};
inline constexpr Format longitude{"longitude", is_longitude, "8.68", "east"};
inline constexpr Format config_key{"config-key", is_config_key, "app.conf", "a/b"};
inline constexpr Format verb{"verb", is_verb, "get", "read"};
inline constexpr Format api_group{"api-group", is_api_group, "freehold.dev", "Freehold"};
inline constexpr Format resource_name{"resource", is_resource_name, "contracts", "Contract"};
inline constexpr Format quota_resource{"quota-resource", is_quota_resource, "cpu", "colour"};
inline constexpr Format priced_class{"priced-class", is_priced_class, "gpu", "colour"};

}  // namespace freehold::api
