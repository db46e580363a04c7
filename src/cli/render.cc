#include "cli/render.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/strings.h"
#include "cli/cli.h"
#include "json/yaml.h"

namespace freehold::cli {

namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::good:
      return "32";
    case Colour::busy:
      return "33";
    case Colour::bad:
      return "31";
    case Colour::dim:
      return "2";
    case Colour::bold:
      return "1";
    case Colour::none:
      break;
  }
  return "";
}

}  // namespace

Terminal terminal(FILE* stream) {
  Terminal t;
  t.is_terminal = isatty(fileno(stream)) == 1;
  const char* refused = std::getenv("NO_COLOR");
  const char* type = std::getenv("TERM");
  const bool dumb = type != nullptr && std::string_view(type) == "dumb";
  t.colour = t.is_terminal && !dumb && (refused == nullptr || *refused == '\0');
  if (const char* columns = std::getenv("COLUMNS"))
    if (const auto n = parse_int(columns); n && *n >= 40 && *n <= 1000)
      t.width = static_cast<int>(*n);
  return t;
}

std::string paint(std::string_view text, Colour colour, const Terminal& terminal) {
  if (!terminal.colour || colour == Colour::none || text.empty()) return std::string(text);
  return "\033[" + std::string(code_of(colour)) + "m" + std::string(text) + "\033[0m";
}

Colour colour_of(std::string_view text) {
  const std::string word = to_lower(text);
  if (is_one_of(word, {"active", "running", "ready", "true", "accepted", "healthy", "fulfilled",
                       "succeeded", "settled", "created"}))
    return Colour::good;
  if (is_one_of(word, {"pending", "offered", "reserved", "testing", "held", "waiting", "starting",
                       "preparing", "prepared", "stopping", "settling", "unknown", "backingoff",
                       "degraded", "terminating", "notdetermined", "configured"}))
    return Colour::busy;
  if (is_one_of(word, {"refused", "breached", "failed", "lost", "false", "expired", "withdrawn",
                       "violated", "warning"}))
    return Colour::bad;
  return Colour::none;
}

size_t display_width(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(std::string_view utf8, size_t width) {
  std::string out(utf8);
  const size_t is = display_width(utf8);
  if (is < width) out.append(width - is, ' ');
  return out;
}

std::string Table::text(const Terminal& terminal, Headers headers,
                        std::vector<size_t>* widths) const {
  std::vector<size_t> own;
  std::vector<size_t>& width = widths != nullptr ? *widths : own;
  width.resize(std::max(width.size(), headers_.size()));
  const auto measure = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size() && i < width.size(); ++i)
      width[i] = std::max(width[i], display_width(printable(row[i])));
  };
  if (headers == Headers::shown) measure(headers_);
  for (const auto& row : rows_) measure(row);
  std::string out;
  const auto print = [&](const std::vector<std::string>& row, bool head) {
    std::string line;
    const size_t count = std::min(row.size(), width.size());
    for (size_t i = 0; i < count; ++i) {
      const std::string cell = printable(row[i]);
      const Colour colour = head ? Colour::bold : colour_of(cell);
      line += paint(cell, colour, terminal);
      if (i + 1 < count) line.append(width[i] - display_width(cell) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  if (headers == Headers::shown) print(headers_, true);
  for (const auto& row : rows_) print(row, false);
  return out;
}

std::string sparkline(const std::vector<double>& values) {
  static constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double most = 0;
  for (const double v : values)
    if (std::isfinite(v)) most = std::max(most, v);
  std::string out;
  for (const double v : values) {
    if (!std::isfinite(v)) {
      out += "·";
      continue;
    }
    const double share = most > 0 ? std::clamp(v / most, 0.0, 1.0) : 0;
    out += bars[static_cast<size_t>(std::lround(share * 7))];
  }
  return out;
}

std::string document(const json::Value& value, Output output) {
  return output == Output::yaml ? json::print_yaml(value) : json::print_pretty(value) + "\n";
}

void put(std::string_view text, FILE* stream) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if ((std::fflush(stream) == 0 && written) || stream != stdout) return;
  if (errno == EPIPE) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  put(error_text({Reason::internal, "the output is lost: " + std::string(std::strerror(errno))}),
      stderr);
  std::_Exit(failed);
}

std::string error_text(const Error& error) {
  std::string message = error.message;
  const bool several = error.causes.size() > 1;
  // The message of several faults lists them in brackets; below they stand one a line.
  if (const size_t at = message.find(": ["); several && at != std::string::npos) message.resize(at);
  std::string out = "freehold: " + printable(message) + "\n";
  if (!several) return out;
  for (const Cause& c : error.causes)
    out += "  " + printable(c.field.empty() ? c.message : c.field + ": " + c.message) + "\n";
  return out;
}

int exit_code(const Error& error) {
  if (error.reason == Reason::not_found) return absent;
  if (error.reason == Reason::timeout) return timed_out;
  return failed;
}

int complain(const Error& error) {
  put(error_text(error), stderr);
  return exit_code(error);
}

int complain_usage(const Error& error) {
  put(error_text(error), stderr);
  return usage;
}

}  // namespace freehold::cli
