#include "base/log.h"

#include <array>
#include <atomic>
#include <cstdio>

#include "base/strings.h"

namespace freehold {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

std::atomic<LogLevel> least_level{LogLevel::info};

// A function, so that a log line during static initialisation finds it alive; never destroyed, so
// that one during exit does, too.
LogSink& installed_sink() {
  static auto* sink = new LogSink;
  return *sink;
}

void append_escaped(std::string_view text, std::string& out) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      // What is not UTF-8 becomes the replacement character: the line must stay JSON.
      const size_t length = utf8_sequence(text.substr(i));
      if (length == 0) out += "\\ufffd";
      out += text.substr(i, length);
      i += length == 0 ? 1 : length;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20) {
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
    } else {
      out += text[i];
    }
    ++i;
  }
  out += '"';
}

void append_member(std::string_view key, std::string_view text, std::string& out) {
  if (out.size() > 1) out += ',';
  append_escaped(key, out);
  out += ':';
  append_escaped(text, out);
}

}  // namespace

void set_log_sink(LogSink sink) { installed_sink() = std::move(sink); }

void set_log_level(LogLevel least) { least_level.store(least, std::memory_order_relaxed); }

void log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (level < least_level.load(std::memory_order_relaxed)) return;
  const LogRecord record{level, component, message, fields.begin(), fields.size()};
  if (const LogSink& sink = installed_sink()) {
    sink(record);
    return;
  }
  // One write per line, so that lines of several threads do not mix.
  const std::string line = format_log_line(record, {}) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string format_log_line(const LogRecord& record, std::string_view time) {
  std::string out = "{";
  if (!time.empty()) append_member("time", time, out);
  append_member("level", level_names[static_cast<size_t>(record.level) & 3], out);
  append_member("component", record.component, out);
  append_member("message", record.message, out);
  for (size_t i = 0; i < record.field_count; ++i) {
    const LogField& field = record.fields[i];
    if (field.is_text) {
      append_member(field.key, field.value, out);
      continue;
    }
    out += ',';
    append_escaped(field.key, out);
    out += ':';
    out += field.value;
  }
  out += '}';
  return out;
}

}  // namespace freehold
