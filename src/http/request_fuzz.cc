// The bytes of one connection, as the server reads them: whatever pieces they come in, the same
// requests come out, and what is read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "http/wire.h"

namespace freehold::http {
namespace {

constexpr ReaderLimits small{.header_bytes = 4096, .body_bytes = 4096};

struct Outcome {
  std::vector<Request> requests;
  ReaderState end = ReaderState::head;
  int refusal = 0;
};

// As Connection::take() does, in pieces of `piece` bytes.
Outcome read_all(std::string_view bytes, size_t piece) {
  Outcome outcome;
  std::string input;
  auto reader = std::make_unique<RequestReader>(small);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    input += bytes.substr(at, piece);
    for (;;) {
      const size_t taken = reader->feed(input);
      CHECK(taken <= input.size(), "nothing is taken that was not given");
      input.erase(0, taken);
      outcome.end = reader->state();
      outcome.refusal = reader->refusal();
      if (outcome.end == ReaderState::broken) return outcome;
      CHECK(input.size() <= small.header_bytes + piece || outcome.end == ReaderState::complete,
            "what waits is bounded");
      if (outcome.end != ReaderState::complete) break;
      outcome.requests.push_back(reader->take());
      reader = std::make_unique<RequestReader>(small);
      if (input.empty()) break;
    }
  }
  return outcome;
}

void check_round_trip(const Request& request) {
  CHECK(!request.path.empty(), "a path is never empty");
  CHECK(!request.body || request.body->size() <= small.body_bytes, "a body keeps to its limit");
  for (const auto& [name, value] : request.headers) {
    CHECK(value.find_first_of("\r\n") == std::string::npos, "a header is one line");
  }
  Request plain;
  plain.method = request.method;
  plain.path = request.path;
  plain.query = request.query;
  plain.body = request.body;
  std::string text = write_head(plain, "h", {});
  if (plain.body) text += *plain.body;
  RequestReader reader({.header_bytes = 1 << 20, .body_bytes = small.body_bytes});
  CHECK(reader.feed(text) == text.size(), "what is written is one request");
  CHECK(reader.state() == ReaderState::complete, "what is written is complete");
  const Request again = reader.take();
  CHECK(again.method == plain.method && again.path == plain.path && again.query == plain.query,
        "what is written is the same");
  CHECK((again.body ? *again.body : "") == (plain.body ? *plain.body : ""), "with its body");
}

}  // namespace
}  // namespace freehold::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold::http;
  if (size < 1) return 0;
  const size_t piece = 1 + data[0] % 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = read_all(bytes, bytes.size() + 1);
  const Outcome pieces = read_all(bytes, piece);
  CHECK(whole.requests.size() == pieces.requests.size(), "pieces make no difference");
  for (const Request& request : whole.requests) check_round_trip(request);

  ResponseReader response("GET", small);
  std::string input(bytes);
  input.erase(0, response.feed(input));
  response.feed_end();
  return 0;
}
