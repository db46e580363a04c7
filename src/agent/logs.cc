#include "agent/logs.h"

#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/strings.h"
#include "json/value.h"

namespace freehold::agent {
namespace {

constexpr int most_feeds = 100;
constexpr size_t chunk_bytes = 64u << 10;
constexpr Duration follow_pause = milliseconds(300);
constexpr std::string_view server_name = "freehold:server";

}  // namespace

std::string readable_log(std::string_view lines, Timestamps timestamps) {
  std::string out;
  for (std::string_view line : split(lines, '\n')) {
    const size_t time_end = line.find(' ');
    const size_t stream_end =
        time_end == std::string_view::npos ? time_end : line.find(' ', time_end + 1);
    if (stream_end == std::string_view::npos || stream_end + 2 >= line.size()) continue;
    if (timestamps == Timestamps::yes) out.append(line.substr(0, time_end + 1));
    out.append(line.substr(stream_end + 3));
    const bool whole = line[stream_end + 1] == 'F';
    if (whole || timestamps == Timestamps::yes) out += '\n';
  }
  return out;
}

// One log on its way to one reader. The next piece is read once the reader has taken the one
// before: no more than one waits in memory, and a slow reader is never cut for it.
struct LogHandler::Feed : std::enable_shared_from_this<Feed> {
  Feed(Runtime& r, std::unique_ptr<LogReader> l, std::shared_ptr<int> count)
      : runtime(r), reader(std::move(l)), open(std::move(count)) {
    ++*open;
  }
  ~Feed() { --*open; }

  void pump() {
    if (stream->closed()) return stop();
    auto text = reader->next(chunk_bytes);
    if (!text.ok()) {
      log(LogLevel::warning, "agent", "a log cannot be read to its end",
          {{"error", text.error().to_string()}});
      stream->cut();
      return stop();
    }
    if (text->empty() && !follow) {
      stream->finish();
      return stop();
    }
    const auto next = [weak = weak_from_this()] {
      if (const auto feed = weak.lock()) feed->pump();
    };
    if (text->empty()) {
      timer = runtime.timer(follow_pause, next);
      return;
    }
    stream->send(http::bytes(readable_log(*text, timestamps)));
    stream->on_drained(next);
  }
  // Nothing holds us but ourselves.
  void stop() { self.reset(); }

  Runtime& runtime;
  std::unique_ptr<LogReader> reader;
  std::shared_ptr<int> open;
  std::shared_ptr<http::Stream> stream;
  Timestamps timestamps = Timestamps::no;
  bool follow = false;
  Timer timer;
  std::shared_ptr<Feed> self;
};

LogHandler::LogHandler(Runtime& runtime, Host& host, IdOf id_of)
    : runtime_(runtime), host_(host), id_of_(std::move(id_of)) {}
LogHandler::~LogHandler() = default;

void LogHandler::answer(http::Responder& responder, const Error& error) {
  json::Object status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["status"] = "Failure";
  status["message"] = error.message;
  status["reason"] = reason_name(error.reason);
  status["code"] = reason_http_code(error.reason);
  http::Response response;
  response.status = reason_http_code(error.reason);
  response.headers["content-type"] = "application/json";
  response.body = http::bytes(json::print(std::move(status)));
  responder.respond(std::move(response));
}

void LogHandler::handle(http::Request request, std::unique_ptr<http::Responder> responder) {
  auto refuse = [&](Reason reason, std::string message) {
    answer(*responder, Error{reason, std::move(message), {}});
  };
  if (request.peer.certificate_common_name != server_name ||
      request.peer.has_expired(runtime_.now()))
    return refuse(Reason::forbidden, "logs are handed to the API server; ask it");
  const auto parts = split(request.path, '/');
  if (parts.size() != 4 || parts[1] != "logs")
    return refuse(Reason::not_found, "only /logs/NAMESPACE/INSTANCE is served here");
  if (request.method != "GET") return refuse(Reason::method_not_allowed, "logs can only be read");
  const std::string id = id_of_(parts[2], parts[3], request.parameter("contract").value_or(""));
  if (id.empty())
    return refuse(Reason::not_found,
                  "instance \"" + std::string(parts[3]) + "\" is not known on this node");
  if (*open_ >= most_feeds) return refuse(Reason::too_many_requests, "too many readers of logs");
  const auto tail = request.parameter("tail");
  const auto lines = tail ? parse_int(*tail) : std::optional<int64_t>(-1);
  if (!lines || *lines < -1) return refuse(Reason::bad_request, "tail must be a number of lines");
  auto is_on = [&](std::string_view name) {
    const auto value = request.parameter(name);
    return value && (*value == "true" || *value == "1");
  };
  const LogRun run = is_on("previous") ? LogRun::previous : LogRun::current;
  auto reader = host_.open_log(id, run, *lines);
  if (!reader.ok()) return answer(*responder, reader.error());

  auto feed = std::make_shared<Feed>(runtime_, *std::move(reader), open_);
  feed->follow = is_on("follow");
  feed->timestamps = is_on("timestamps") ? Timestamps::yes : Timestamps::no;
  http::Response head;
  head.headers["content-type"] = "text/plain; charset=utf-8";
  feed->stream = responder->stream(std::move(head));
  feed->stream->must_finish();
  feed->stream->allow_pause(seconds(limits::reader_pause_s));
  feed->self = feed;
  feed->stream->on_closed([weak = std::weak_ptr<Feed>(feed)] {
    if (const auto gone = weak.lock()) gone->stop();
  });
  feed->pump();
}

}  // namespace freehold::agent
