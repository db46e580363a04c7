// The output of a process on disk: lines in the CRI format, `<RFC 3339> stdout F text`, bounded by
// rotation. For the shim. A disk that is full loses lines, never stops the workload.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/host_files.h"
#include "base/time.h"

namespace freehold::agent {

class LogWriter {
 public:
  LogWriter(std::string directory, size_t file_bytes, int files);
  // One of the two streams of the process. Chunks are cut into lines; a line that is too long
  // becomes several, all but the last marked P.
  class Source {
   public:
    Source(LogWriter& log, std::string_view name) : log_(log), name_(name) {}
    void feed(std::string_view chunk, Time now);
    void finish(Time now);  // what has no newline yet

   private:
    void line(std::string_view text, char mark, Time now);
    LogWriter& log_;
    std::string_view name_;
    std::string rest_;
  };
  void flush();  // after each turn

 private:
  void rotate();
  void open();
  const std::string directory_;
  const size_t file_bytes_;
  const int files_;
  Fd file_;
  size_t written_ = 0;
  std::string pending_;
};

}  // namespace freehold::agent
