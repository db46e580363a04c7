// Client: one management controller over HTTPS. Logs in at the first request (a session where there
// is a session service, else Basic), logs in once more when the session has expired, tries reads
// again and never writes, follows redirects of reads within the same host only, of writes only to
// the same path with a slash at its end or without one, and bounds size and time of every answer.
// Each call runs the loop until it is answered: for commands, not for a server's own loop. The
// password is never part of a message. Source: DMTF DSP0266.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discover/redfish/survey.h"
#include "http/client.h"
#include "json/value.h"
#include "provider/redfish/limits.h"
#include "runtime/loop.h"

namespace freehold::provider::redfish {

struct Credentials {
  std::string user, password;  // empty user: nothing is sent
};
struct ClientOptions {
  std::string authority;  // host, or host:port: whom the transport leads to
  Credentials credentials{};
  Duration timeout = seconds(limits::answer_s);  // of one answer
  Duration survey = seconds(limits::survey_s);   // of all that a survey reads
};

struct Answer {
  json::Value body;  // null when there is none
  std::string etag;
};

// What the controller says is wrong: its ExtendedInfo message and resolution, else what the status
// means.
Error error_of(const http::Response& response, std::string_view what);
// The path and query of a Location when it stays on `authority`; empty when it leads elsewhere.
std::string same_host(std::string_view location, std::string_view authority);

class Client {
 public:
  // The transport must outlive this.
  Client(Loop& loop, http::Transport& transport, ClientOptions options);
  ~Client();  // logs out
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Errors: `unauthorized` for a wrong password, `unavailable`, `timeout`, `bad_request` for what
  // is no JSON, `too_large`, and what the controller itself says.
  Result<Answer> get(const std::string& id);
  // The texts of several documents, a few of them read at a time; in the order of `ids`.
  std::vector<Result<std::string>> read(const std::vector<std::string>& ids);
  // A `timeout` says nothing about the outcome: look again. An empty etag sends no If-Match.
  Result<Answer> patch(const std::string& id, const json::Value& body, const std::string& etag);
  Result<Answer> post(const std::string& id, const json::Value& body);
  // Ends the session; ok when there is none. The next request logs in again.
  Result<void> log_out();

  Loop& loop() { return loop_; }
  Duration longest_survey() const { return options_.survey; }

 private:
  struct Read;
  struct Write {
    std::string method, path;
    const json::Value* body = nullptr;
    std::string etag{};
  };
  Result<http::Response> send(const Write& write);
  Result<http::Response> send_once(const Write& write);
  Result<http::Response> write(const Write& write);
  std::vector<Result<http::Response>> fetch(const std::vector<std::string>& ids);
  // Those that were answered with 401.
  static std::vector<std::shared_ptr<Read>> expired_of(
      const std::vector<std::shared_ptr<Read>>& reads);
  void run(std::vector<std::shared_ptr<Read>> reads);
  void start(const std::shared_ptr<Read>& read);
  void answered(const std::shared_ptr<Read>& read, Result<http::Response> response);
  bool is_repeated(const std::shared_ptr<Read>& read, const Result<http::Response>& response);
  void finish(const std::shared_ptr<Read>& read, Result<http::Response> response);
  Result<http::Response> read_root();
  Result<void> log_in();
  Result<void> open_session(const std::string& sessions);
  Result<http::Request> request(const Write& write) const;

  Loop& loop_;
  http::Transport& transport_;
  const ClientOptions options_;
  std::string token_, session_;  // of the session that is open
  bool is_logged_in_ = false;
  std::vector<std::shared_ptr<Read>> waiting_;  // reads without a connection yet, last first
  size_t open_reads_ = 0;
};

// Everything that describes the hardware behind the controller. What the time does not suffice for
// is left out with a note. Fails when the controller answers for nothing that its root leads to.
Result<discover::redfish::Survey> survey(Client& client);

}  // namespace freehold::provider::redfish
