#include "provider/redfish/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/redfish/crawl.h"
#include "discover/redfish/limits.h"

namespace freehold::provider::redfish {

namespace {

using discover::clean_text;
using discover::redfish::local_id;
using discover::redfish::local_path;
using discover::redfish::root_id;

Reason reason_of(int status) {
  switch (status) {
    case 400:
      return Reason::bad_request;
    case 401:
      return Reason::unauthorized;
    case 403:
      return Reason::forbidden;
    case 404:
      return Reason::not_found;
    case 405:
    case 501:
      return Reason::method_not_allowed;
    case 409:
    case 412:
    case 428:
      return Reason::conflict;
    case 413:
      return Reason::too_large;
    case 429:
      return Reason::too_many_requests;
    case 503:
      return Reason::unavailable;
    case 504:
      return Reason::timeout;
    default:
      return Reason::internal;
  }
}

std::string sentence_of(int status) {
  if (status == 401) return "the user or the password is wrong, or the session has ended";
  if (status == 403) return "the user may not do this";
  if (status == 404) return "there is no such resource";
  if (status == 412) return "it was changed by somebody else meanwhile; look again";
  return fmt::format("answered with status {}", status);
}

// "Message" and "Resolution" of the first ExtendedInfo, if the controller wrote one.
std::string extended_info(const json::Value& body) {
  const json::Value* error = body.at({"error"});
  if (error == nullptr) return {};
  const json::Value* info = error->at({"@Message.ExtendedInfo"});
  if (info != nullptr && info->as_array() != nullptr)
    for (const json::Value& one : *info->as_array()) {
      const std::string message = clean_text(one.string_at({"Message"}), limits::message_bytes);
      const std::string remedy = clean_text(one.string_at({"Resolution"}), limits::message_bytes);
      if (!message.empty()) return remedy.empty() ? message : message + " " + remedy;
    }
  return clean_text(error->string_at({"message"}), limits::message_bytes);
}

std::string header(const http::Response& response, std::string_view name) {
  const auto at = response.headers.find(name);
  return at == response.headers.end() ? std::string() : at->second;
}

bool is_success(int status) { return status >= 200 && status < 300; }
bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string body_of(const http::Response& response) {
  return response.body ? *response.body : std::string();
}

Result<Answer> answer_of(Result<http::Response> response, const std::string& id) {
  const http::Response got = TRY(std::move(response));
  if (!is_success(got.status)) return error_of(got, id);
  Answer answer;
  answer.etag = header(got, "etag");
  if (!got.body || got.body->empty()) return answer;
  auto body = json::parse(*got.body);
  if (!body) return std::move(body).error().within(id);
  answer.body = std::move(*body);
  if (answer.etag.empty()) answer.etag = answer.body.string_at({"@odata.etag"});
  return answer;
}

// The path of a URL, whichever host it names: a controller knows itself by another name than the
// one that leads to it through a proxy or a translated address.
std::string path_of(std::string_view url) {
  if (url.starts_with("https://") || url.starts_with("http://")) {
    url.remove_prefix(url.find("//") + 2);
    url.remove_prefix(std::min(url.find('/'), url.size()));
  }
  return local_path(url);
}

}  // namespace

Error error_of(const http::Response& response, std::string_view what) {
  std::string message;
  if (response.body)
    if (const auto body = json::parse(*response.body)) message = extended_info(*body);
  if (message.empty()) message = sentence_of(response.status);
  return Error{reason_of(response.status), message}.within(what);
}

std::string same_host(std::string_view location, std::string_view authority) {
  constexpr std::string_view scheme = "https://";
  if (location.starts_with(scheme)) {
    location.remove_prefix(scheme.size());
    if (!to_lower(location).starts_with(to_lower(authority))) return {};
    location.remove_prefix(authority.size());
  }
  return local_path(location);
}

// A read and how far it has come.
struct Client::Read {
  std::string path;
  int attempts = 0, redirects = 0;
  bool is_expired = false;  // answered with 401
  Timer pause{};
  std::optional<Result<http::Response>> result{};
};

Client::Client(Loop& loop, http::Transport& transport, ClientOptions options)
    : loop_(loop), transport_(transport), options_(std::move(options)) {}

Client::~Client() { (void)log_out(); }

Result<http::Request> Client::request(const Write& write) const {
  http::Request out;
  out.method = write.method;
  const size_t query = write.path.find('?');
  out.path = TRY(http::percent_decode(std::string_view(write.path).substr(0, query)));
  if (query != std::string::npos) out.query = TRY(http::decode_query(write.path.substr(query + 1)));
  out.headers["accept"] = "application/json";
  out.headers["odata-version"] = "4.0";
  if (write.body != nullptr) {
    out.headers["content-type"] = "application/json";
    out.body = http::bytes(json::print(*write.body));
  }
  if (!write.etag.empty()) out.headers["if-match"] = write.etag;
  const auto& [user, password] = options_.credentials;
  if (!token_.empty())
    out.headers["x-auth-token"] = token_;
  else if (is_logged_in_ && !user.empty())
    out.headers["authorization"] = "Basic " + base64_encode(user + ":" + password);
  return out;
}

// ---- reads

void Client::finish(const std::shared_ptr<Read>& read, Result<http::Response> response) {
  read->result = std::move(response);
  --open_reads_;
  if (!waiting_.empty()) {
    const auto next = std::move(waiting_.back());
    waiting_.pop_back();
    ++open_reads_;
    start(next);
  }
  if (open_reads_ == 0) loop_.stop();
}

void Client::start(const std::shared_ptr<Read>& read) {
  ++read->attempts;
  auto wanted = request({.method = "GET", .path = read->path});
  if (!wanted) {
    // Not from inside of the call that began it.
    loop_.post([this, read, error = std::move(wanted).error()] { finish(read, error); });
    return;
  }
  transport_.request(
      std::move(*wanted), options_.timeout,
      [this, read](Result<http::Response> response) { answered(read, std::move(response)); });
}

// Whether another try follows. Only what may pass by itself is tried again: a lost connection, a
// busy controller. One that let the time run out once would let it run out again.
bool Client::is_repeated(const std::shared_ptr<Read>& read,
                         const Result<http::Response>& response) {
  Duration pause = milliseconds(limits::first_pause_ms) * (int64_t{1} << (read->attempts - 1));
  if (response.ok()) {
    if (response->status != 429 && response->status != 503) return false;
    if (const auto asked = parse_uint(header(*response, "retry-after")))
      pause = seconds(static_cast<int64_t>(
          std::min<uint64_t>(*asked, static_cast<uint64_t>(limits::longest_pause_s))));
  } else if (response.error().reason != Reason::unavailable) {
    return false;
  }
  if (read->attempts >= limits::attempts) return false;
  read->pause = loop_.timer(pause, [this, read] { start(read); });
  return true;
}

void Client::answered(const std::shared_ptr<Read>& read, Result<http::Response> response) {
  if (is_repeated(read, response)) return;
  if (!response) return finish(read, std::move(response));
  if (is_redirect(response->status)) {
    const std::string location = header(*response, "location");
    const std::string to = same_host(location, options_.authority);
    if (to.empty())
      return finish(read, Error{Reason::forbidden,
                                fmt::format("{}: redirects to \"{}\", which is another host: not "
                                            "followed",
                                            read->path, clean_text(location, 256))});
    if (++read->redirects > limits::redirects)
      return finish(read, Error{Reason::bad_request, read->path + ": redirects without end"});
    read->path = to;
    read->attempts = 0;
    return start(read);
  }
  if (response->status == 401) read->is_expired = true;
  if (body_of(*response).size() > discover::redfish::limits::document_bytes)
    return finish(read, Error{Reason::too_large,
                              fmt::format("{}: the answer is larger than {} MiB", read->path,
                                          discover::redfish::limits::document_bytes >> 20)});
  finish(read, std::move(response));
}

std::vector<std::shared_ptr<Client::Read>> Client::expired_of(
    const std::vector<std::shared_ptr<Read>>& reads) {
  std::vector<std::shared_ptr<Read>> out;
  std::ranges::copy_if(reads, std::back_inserter(out),
                       [](const auto& read) { return read->is_expired; });
  return out;
}

// As many at a time as there are connections: the time limit of a read begins when it is sent.
void Client::run(std::vector<std::shared_ptr<Read>> reads) {
  if (reads.empty()) return;
  std::ranges::reverse(reads);
  waiting_ = std::move(reads);
  while (!waiting_.empty() && open_reads_ < limits::connections) {
    const auto next = std::move(waiting_.back());
    waiting_.pop_back();
    ++open_reads_;
    start(next);
  }
  loop_.run();
}

std::vector<Result<http::Response>> Client::fetch(const std::vector<std::string>& ids) {
  std::vector<Result<http::Response>> out;
  if (auto logged_in = log_in(); !logged_in) {
    for (size_t i = 0; i < ids.size(); ++i) out.emplace_back(logged_in.error());
    return out;
  }
  std::vector<std::shared_ptr<Read>> reads;
  for (const std::string& id : ids) reads.push_back(std::make_shared<Read>(Read{.path = id}));
  run(reads);
  // A session that ended meanwhile is opened again, as often as that brings an answer more.
  for (auto expired = expired_of(reads); !expired.empty() && !token_.empty();) {
    token_.clear();
    session_.clear();
    is_logged_in_ = false;
    if (!log_in()) break;
    for (const auto& read : expired) *read = Read{.path = read->path};
    run(expired);
    auto still = expired_of(expired);
    if (still.size() == expired.size()) break;
    expired = std::move(still);
  }
  for (const auto& read : reads)
    out.push_back(read->result ? std::move(*read->result)
                               : Error{Reason::unavailable, read->path + ": no answer"});
  return out;
}

Result<Answer> Client::get(const std::string& id) {
  auto response = std::move(fetch({id}).front());
  if (!response) return std::move(response).error().within(id);
  return answer_of(std::move(response), id);
}

std::vector<Result<std::string>> Client::read(const std::vector<std::string>& ids) {
  std::vector<Result<std::string>> out;
  for (Result<http::Response>& response : fetch(ids)) {
    if (!response) {
      out.emplace_back(std::move(response).error());
    } else if (!is_success(response->status)) {
      out.emplace_back(error_of(*response, "the controller"));
    } else {
      out.emplace_back(body_of(*response));
    }
  }
  return out;
}

// ---- writes

// A redirect to the same path with a slash more or fewer is a controller's way to say how it writes
// its paths; nothing was done. 303 leads to the outcome of what was done.
Result<http::Response> Client::send(const Write& write) {
  auto response = TRY(send_once(write));
  if (!is_redirect(response.status) || response.status == 303) return response;
  Write again = write;
  again.path = same_host(header(response, "location"), options_.authority);
  if (again.path == write.path || local_id(again.path) != local_id(write.path)) return response;
  return send_once(again);
}

Result<http::Response> Client::send_once(const Write& write) {
  auto wanted = TRY(request(write));
  const auto result = std::make_shared<std::optional<Result<http::Response>>>();
  transport_.request(std::move(wanted), options_.timeout,
                     [this, result](Result<http::Response> response) {
                       *result = std::move(response);
                       loop_.stop();
                     });
  loop_.run();
  if (!*result) return Error{Reason::timeout, write.path + ": no answer"};
  if (!**result) return std::move(**result).error().within(write.path);
  return std::move(**result);
}

// Sent once. A 401 means that nothing was done, so that it may be sent again with a new session.
Result<http::Response> Client::write(const Write& write) {
  TRY(log_in());
  auto response = send(write);
  if (response && response->status == 401 && !token_.empty()) {
    token_.clear();
    session_.clear();
    is_logged_in_ = false;
    TRY(log_in());
    response = send(write);
  }
  if (response && is_redirect(response->status))
    return Error{Reason::forbidden,
                 write.path + ": answers a change with a redirect: not followed"};
  return response;
}

Result<Answer> Client::patch(const std::string& id, const json::Value& body,
                             const std::string& etag) {
  return answer_of(write({.method = "PATCH", .path = id, .body = &body, .etag = etag}), id);
}

Result<Answer> Client::post(const std::string& id, const json::Value& body) {
  return answer_of(write({.method = "POST", .path = id, .body = &body}), id);
}

// ---- sessions

// Falls back to Basic where the controller has no session service, or no session left.
Result<void> Client::open_session(const std::string& sessions) {
  json::Object body;
  body["UserName"] = options_.credentials.user;
  body["Password"] = options_.credentials.password;
  const json::Value login(std::move(body));
  const auto response = TRY(send({.method = "POST", .path = sessions, .body = &login}));
  if (is_success(response.status)) {
    token_ = header(response, "x-auth-token");
    session_ = path_of(header(response, "location"));
    if (!session_.empty()) return {};
    if (const auto session = json::parse(body_of(response)))
      session_ = local_path(session->string_at({"@odata.id"}));
    return {};
  }
  if (response.status == 404 || response.status == 405 || response.status == 501 ||
      response.status == 503)
    return {};
  return Error{Reason::unauthorized,
               "the controller does not let \"" + options_.credentials.user + "\" in"}
      .within(options_.authority);
}

// It is open to everybody, and says where to log in.
Result<http::Response> Client::read_root() {
  const auto root = std::make_shared<Read>(Read{.path = std::string(root_id)});
  run({root});
  if (!root->result) return Error{Reason::unavailable, root->path + ": no answer"};
  return std::move(*root->result);
}

Result<void> Client::log_in() {
  if (is_logged_in_) return {};
  if (!options_.credentials.user.empty()) {
    const auto root = TRY(read_root());
    std::string sessions;
    if (const auto body = json::parse(body_of(root)); body && is_success(root.status))
      if (const json::Value* links = discover::redfish::property(*body, "Links.Sessions"))
        sessions = local_path(links->string_at({"@odata.id"}));
    if (!sessions.empty()) TRY(open_session(sessions));
  }
  is_logged_in_ = true;
  return {};
}

Result<void> Client::log_out() {
  is_logged_in_ = false;
  if (session_.empty()) return {};
  const std::string session = std::exchange(session_, {});
  const auto response = send({.method = "DELETE", .path = session});
  token_.clear();
  if (!response) return response.error();
  if (!is_success(response->status)) return error_of(*response, session);
  return {};
}

Result<discover::redfish::Survey> survey(Client& client) {
  discover::redfish::Crawl crawl;
  const Duration end = client.loop().uptime() + client.longest_survey();
  for (auto ids = crawl.next(); !ids.empty(); ids = crawl.next()) {
    for (size_t begin = 0; begin < ids.size(); begin += limits::survey_reads) {
      if (begin > 0 && client.loop().uptime() >= end) break;
      const std::vector<std::string> some(
          ids.begin() + static_cast<std::ptrdiff_t>(begin),
          ids.begin() +
              static_cast<std::ptrdiff_t>(std::min(ids.size(), begin + limits::survey_reads)));
      auto texts = client.read(some);
      for (size_t i = 0; i < some.size(); ++i) crawl.take(some[i], std::move(texts[i]));
    }
    TRY(crawl.outcome());
    if (client.loop().uptime() >= end)
      crawl.stop("the controller has not told all within " +
                 format_duration(client.longest_survey()));
  }
  return discover::redfish::survey(crawl);
}

}  // namespace freehold::provider::redfish
