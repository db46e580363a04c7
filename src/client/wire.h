// What the resource API puts on the wire, read: lists, watch lines, Status. Pure; inside client
// only.
#pragma once

#include <string>
#include <string_view>

#include "api/object.h"
#include "base/result.h"
#include "client/remote.h"

namespace freehold::client {

struct Page {
  Listed listed;
  std::string next;  // continue token; empty: the last page
};
// Errors: `internal`, when the server's answer makes no sense.
Result<Page> read_list(const api::Kind& kind, std::string_view body);

struct WatchLine {
  EventType type = EventType::bookmark;
  api::Object object;
};
// An ERROR event becomes its Status' error.
Result<WatchLine> read_watch_line(const api::Kind& kind, std::string_view line);

// The error that a Status document carries; `code` where it does not say.
Error read_status(std::string_view body, int code);

}  // namespace freehold::client
