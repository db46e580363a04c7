#include "http/wire.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <ctime>

#include "base/check.h"
#include "base/strings.h"

namespace freehold::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::system::error_code;

std::string_view std_view(string_view text) { return {text.data(), text.size()}; }

// Beast's parser, collecting into plain data. What Beast leaves open is decided here: the size of
// the whole head (Beast bounds single lines), trailers (dropped: they could pose as headers),
// repeated fields (joined as RFC 9110 section 5.3 says), transfer codings other than "chunked"
// (refused).
template <bool is_request>
class MessageParser final : public beast::basic_parser<is_request> {
 public:
  explicit MessageParser(ReaderLimits limits) : limits_(limits) {
    this->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    this->body_limit(limits.body_bytes);
    this->eager(true);
  }

  // Returns how much it took.
  size_t feed(std::string_view bytes) {
    size_t taken = 0;
    while (taken < bytes.size() && !failed() && !this->is_done()) {
      if (may_be_cut_last_chunk(bytes.substr(taken))) break;
      ErrorCode error;
      taken += this->put({bytes.data() + taken, bytes.size() - taken}, error);
      if (error == beast::error::need_more) break;
      if (error) fail(error);
    }
    // A chunk header or a trailer that does not end; lines of the head are bounded by Beast.
    if (!failed() && bytes.size() - taken > limits_.header_bytes && !this->is_done()) {
      refuse(431, "a header is too long");
    }
    return taken;
  }

  // Beast (1.81) aborts when a body's first chunk is its last one and comes in pieces: it looks at
  // "0\r\n" and then asserts that two more bytes have come. So it sees all five or none.
  bool may_be_cut_last_chunk(std::string_view rest) const {
    return header_done_ && this->chunked() && rest.size() < 5 && rest.front() == '0';
  }

  void feed_end() {
    if (failed() || this->is_done()) return;
    ErrorCode error = beast::error::partial_message;
    if (this->got_some()) this->put_eof(error);
    if (error) refuse(400, "the connection ended inside a message");
  }

  ReaderState state() const {
    if (failed()) return ReaderState::broken;
    if (this->is_done()) return ReaderState::complete;
    return header_done_ ? ReaderState::body : ReaderState::head;
  }
  bool failed() const { return refusal != 0; }
  void refuse(int code, std::string_view why) {
    if (failed()) return;
    refusal = code;
    problem = why;
  }

  std::string method, target, body;
  int status = 0;
  int version = 11;
  size_t hosts = 0;
  Headers headers;
  int refusal = 0;
  std::string problem;

 private:
  void fail(const ErrorCode& error) {
    if (error == beast::error::body_limit) {
      refuse(413, fmt::format("the body is larger than {} bytes", limits_.body_bytes));
    } else if (error == beast::error::header_limit) {
      refuse(431, fmt::format("the headers are larger than {} bytes", limits_.header_bytes));
    } else if (error == beast::error::bad_version) {
      refuse(505, "the protocol is not HTTP/1.1");
    } else {
      refuse(400, fmt::format("not valid HTTP: {}", error.message()));
    }
  }

  void on_request_impl(beast::verb, string_view method_text, string_view target_text, int version_,
                       ErrorCode&) override {
    method = std_view(method_text);
    target = std_view(target_text);
    version = version_;
    head_size_ += method.size() + target.size();
  }
  void on_response_impl(int code, string_view, int version_, ErrorCode&) override {
    status = code;
    version = version_;
  }
  void on_field_impl(beast::field, string_view name, string_view value, ErrorCode& error) override {
    head_size_ += name.size() + value.size() + 4;
    if (head_size_ > limits_.header_bytes) {
      error = beast::error::header_limit;
      return;
    }
    if (header_done_) return;
    std::string key = to_lower(std_view(name));
    if (key == "host") ++hosts;
    auto [at, is_new] = headers.try_emplace(std::move(key), std_view(value));
    if (is_new) return;
    at->second += at->first == "cookie" ? "; " : ", ";
    at->second += std_view(value);
  }
  void on_header_impl(ErrorCode&) override {
    header_done_ = true;
    const auto coding = headers.find("transfer-encoding");
    if (coding == headers.end()) return;
    if (to_lower(coding->second) != "chunked" || version < 11) {
      refuse(501, "the only transfer coding that is spoken here is chunked");
    }
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(string_view part, ErrorCode&) override {
    body += std_view(part);
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, ErrorCode&) override {
    body += std_view(part);
    return part.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  const ReaderLimits limits_;
  size_t head_size_ = 0;
  bool header_done_ = false;
};

// RFC 9112 section 3.2: origin form; absolute form, as proxies get it, stands for its path.
std::string_view origin_form(std::string_view target) {
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const size_t path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

Result<void> set_target(Request& request, std::string_view target) {
  target = origin_form(target);
  const size_t mark = target.find('?');
  request.path = TRY(percent_decode(target.substr(0, mark)));
  if (request.path.empty()) request.path = "/";
  if (request.path[0] != '/' && request.path != "*") {
    return Error{Reason::bad_request, "the address must begin with \"/\""};
  }
  if (mark != std::string_view::npos) request.query = TRY(decode_query(target.substr(mark + 1)));
  return {};
}

}  // namespace

// ---- requests

class RequestReader::Impl {
 public:
  explicit Impl(ReaderLimits limits) : parser(limits) {}

  void check_head() {
    if (checked || parser.state() < ReaderState::body || parser.failed()) return;
    checked = true;
    // RFC 9112 section 3.2: none or two hosts let two servers see two different requests.
    if (parser.hosts > 1 || (parser.hosts == 0 && parser.version >= 11)) {
      parser.refuse(400, "a request needs exactly one Host header");
      return;
    }
    request.method = std::move(parser.method);
    if (auto set = set_target(request, parser.target); !set.ok()) {
      parser.refuse(400, set.error().message);
    }
    if (const auto expect = parser.headers.find("expect"); expect != parser.headers.end()) {
      continues = to_lower(expect->second) == "100-continue" && parser.version >= 11;
      if (!continues) parser.refuse(417, "the only expectation that is met here is 100-continue");
    }
  }

  MessageParser<true> parser;
  Request request;
  bool checked = false;
  bool continues = false;
};

RequestReader::RequestReader(ReaderLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestReader::~RequestReader() = default;

size_t RequestReader::feed(std::string_view bytes) {
  const size_t taken = impl_->parser.feed(bytes);
  impl_->check_head();
  return taken;
}
ReaderState RequestReader::state() const { return impl_->parser.state(); }
bool RequestReader::expects_continue() const { return impl_->continues; }
bool RequestReader::keeps_alive() const { return impl_->parser.keep_alive(); }
bool RequestReader::is_http_1_0() const { return impl_->parser.version < 11; }
int RequestReader::refusal() const { return impl_->parser.refusal; }
const std::string& RequestReader::problem() const { return impl_->parser.problem; }

Request RequestReader::take() {
  CHECK(state() == ReaderState::complete, "a request is taken once it is complete");
  Request request = std::move(impl_->request);
  request.headers = std::move(impl_->parser.headers);
  if (!impl_->parser.body.empty()) request.body = bytes(std::move(impl_->parser.body));
  return request;
}

// ---- responses

class ResponseReader::Impl {
 public:
  Impl(std::string_view method, ReaderLimits limits_) : limits(limits_), is_head(method == "HEAD") {
    restart();
  }

  void restart() {
    parser = std::make_unique<MessageParser<false>>(limits);
    parser->skip(is_head);
  }

  void note_head() {
    if (head_noted || parser->state() < ReaderState::body || parser->failed()) return;
    head_noted = true;
    response.status = parser->status;
    response.headers = std::move(parser->headers);
  }

  const ReaderLimits limits;
  const bool is_head;
  std::unique_ptr<MessageParser<false>> parser;
  Response response;
  bool head_noted = false;
  bool any = false;
};

ResponseReader::ResponseReader(std::string_view method, ReaderLimits limits)
    : impl_(std::make_unique<Impl>(method, limits)) {}
ResponseReader::~ResponseReader() = default;

size_t ResponseReader::feed(std::string_view bytes) {
  impl_->any = impl_->any || !bytes.empty();
  size_t taken = 0;
  for (;;) {
    taken += impl_->parser->feed(bytes.substr(taken));
    const bool interim = impl_->parser->state() == ReaderState::complete &&
                         impl_->parser->status / 100 == 1 && impl_->parser->status != 101;
    if (!interim) break;
    impl_->restart();  // "100 Continue", "103 Early Hints": the response is still to come
  }
  impl_->note_head();
  return taken;
}

void ResponseReader::feed_end() { impl_->parser->feed_end(); }
ReaderState ResponseReader::state() const { return impl_->parser->state(); }
bool ResponseReader::received_any() const { return impl_->any; }
bool ResponseReader::keeps_alive() const { return impl_->parser->keep_alive(); }
bool ResponseReader::is_too_large() const {
  return impl_->parser->refusal == 413 || impl_->parser->refusal == 431;
}
const std::string& ResponseReader::problem() const { return impl_->parser->problem; }
const Response& ResponseReader::head() const { return impl_->response; }
std::string ResponseReader::take_body() { return std::exchange(impl_->parser->body, {}); }

Response ResponseReader::take() {
  CHECK(state() == ReaderState::complete, "a response is taken once it is complete");
  Response response = std::move(impl_->response);
  response.body = bytes(take_body());
  return response;
}

// ---- writing

namespace {

bool is_token(std::string_view name) {
  constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && symbols.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

bool is_field_value(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) return false;
  }
  return true;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "content-length" || name == "transfer-encoding" || name == "connection" ||
        name == "host" || name == "date") {
      continue;  // ours
    }
    if (BUG_IF(!is_token(name) || !is_field_value(value), "a header would break the message")) {
      continue;
    }
    append_header(out, name, value);
  }
}

}  // namespace

std::string write_head(const Response& response, const HeadOptions& options) {
  std::string out;
  out.reserve(256);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 status_text(response.status));
  append_headers(out, response.headers);
  if (!options.date.empty()) append_header(out, "date", options.date);
  const bool has_body = response.status != 204 && response.status != 304;
  if (options.framing == Framing::chunked && has_body) {
    append_header(out, "transfer-encoding", "chunked");
  } else if (options.framing == Framing::sized && has_body) {
    fmt::format_to(std::back_inserter(out), "content-length: {}\r\n",
                   response.body ? response.body->size() : 0);
  }
  if (!options.keep_alive) append_header(out, "connection", "close");
  return out.append("\r\n");
}

std::string write_head(const Request& request, std::string_view host,
                       std::string_view authorization) {
  std::string out;
  out.reserve(256);
  out.append(request.method).append(" ");
  out.append(request.path.empty() ? "/" : encode_path(request.path));
  if (!request.query.empty()) out.append("?").append(encode_query(request.query));
  out.append(" HTTP/1.1\r\n");
  append_header(out, "host", host);
  if (!authorization.empty() && !request.headers.contains("authorization")) {
    append_header(out, "authorization", authorization);
  }
  append_headers(out, request.headers);
  const size_t size = request.body ? request.body->size() : 0;
  if (size > 0 || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    fmt::format_to(std::back_inserter(out), "content-length: {}\r\n", size);
  }
  return out.append("\r\n");
}

std::string chunk_prefix(size_t size) { return fmt::format("{:x}\r\n", size); }

std::string_view status_text(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string format_http_date(int64_t unix) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t at = unix;
  std::tm parts{};
  gmtime_r(&at, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[static_cast<size_t>(parts.tm_wday)], parts.tm_mday,
                     months[static_cast<size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour,
                     parts.tm_min, parts.tm_sec);
}

Response refusal_response(int status, std::string_view message) {
  std::string escaped;
  for (const char c : message) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  const std::string_view reason = status == 413   ? "RequestEntityTooLarge"
                                  : status == 500 ? "InternalError"
                                  : status == 503 ? "ServiceUnavailable"
                                                  : "BadRequest";
  Response response;
  response.status = status;
  response.headers["content-type"] = "application/json";
  response.body = bytes(fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{}","reason":"{}","code":{}}})",
      escaped, reason, status));
  return response;
}

}  // namespace freehold::http
