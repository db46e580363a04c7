// What a person reads: tables with aligned columns, colours that mean something, and errors in one
// clear line. Colours only on a terminal, and not when NO_COLOR is set. Pure but for terminal() and
// complain().
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/printable.h"
#include "base/result.h"
#include "json/value.h"

namespace freehold::cli {

enum class Output : uint8_t { table, wide, json, yaml, name };

struct Terminal {
  bool is_terminal = false, colour = false;
  int width = 100;
};
Terminal terminal(FILE* stream);  // reads NO_COLOR, TERM and COLUMNS

enum class Colour : uint8_t { none, good, busy, bad, dim, bold };
std::string paint(std::string_view text, Colour colour, const Terminal& terminal);
// Of a phase, a status or a verdict: "active" is good, "pending" busy, "failed" bad.
Colour colour_of(std::string_view word);

size_t display_width(std::string_view utf8);  // code points
std::string padded(std::string_view utf8, size_t width);

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  enum class Headers : uint8_t { shown, hidden };
  // Columns are at least as wide as `widths` says, which then holds how wide they became: so the
  // rows of a watch stay under their headers.
  std::string text(const Terminal& terminal, Headers headers = Headers::shown,
                   std::vector<size_t>* widths = nullptr) const;

 private:
  std::vector<std::string> headers_;
  std::vector<std::vector<std::string>> rows_;
};

// A share of each window that was kept, as eighths: "▁▄█"; `unknown` values are dots.
std::string sparkline(const std::vector<double>& values);

std::string document(const json::Value& value, Output output);  // JSON or YAML, with a line end
// Output that is lost ends the process, so that nobody takes the rest for the whole: quietly, as
// SIGPIPE does, when the reader left, else with a message and `failed`. A command that changes
// several things prints after the last of them.
void put(std::string_view text, FILE* stream = stdout);

// `freehold: <message>` on stderr, several causes below it, one a line. The exit code to return.
std::string error_text(const Error& error);
int exit_code(const Error& error);
int complain(const Error& error);
int complain_usage(const Error& error);  // always `usage`

}  // namespace freehold::cli
