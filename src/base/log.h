// Structured log: one JSON object per line on stderr (or a sink that a test installs), with level,
// component, message and fields. The time comes from whoever installed the sink, so that this
// module reads no clock. Values that may hold secrets are never passed here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace freehold {

enum class LogLevel : uint8_t { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::string value;
  bool is_text = true;  // else a number, printed without quotes
  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, int64_t v) : key(k), value(std::to_string(v)), is_text(false) {}
  LogField(std::string_view k, uint64_t v) : key(k), value(std::to_string(v)), is_text(false) {}
  LogField(std::string_view k, int v) : key(k), value(std::to_string(v)), is_text(false) {}
};

struct LogRecord {
  LogLevel level;
  std::string_view component, message;
  const LogField* fields;
  size_t field_count;
};
using LogSink = std::function<void(const LogRecord&)>;

// Not thread safe: install before threads start; the sink itself is called from any thread. Null
// restores the default sink (stderr).
void set_log_sink(LogSink sink);
void set_log_level(LogLevel least);
void log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});
// One JSON object without a line end; an empty `time` is left out.
std::string format_log_line(const LogRecord& record, std::string_view time);

}  // namespace freehold
