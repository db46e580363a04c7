// Reads what shim_log.h writes, forward and across rotation. For the host only; loop thread.
#pragma once

#include <memory>
#include <string>

#include "agent/host.h"

namespace freehold::agent {

// `last_lines`: starts so many lines before the end; -1: at the beginning of what is kept.
Result<std::unique_ptr<LogReader>> open_log_directory(const std::string& directory,
                                                      int64_t last_lines);

}  // namespace freehold::agent
