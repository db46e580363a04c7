#include "provider/redfish/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "provider/redfish/control.h"

namespace freehold::provider::redfish {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A controller that answers from a function, in the next turn of the loop.
class Fake final : public http::Transport {
 public:
  using Answers = std::function<Result<http::Response>(const http::Request&)>;
  Fake(Loop& loop, Answers answers) : loop_(loop), answers_(std::move(answers)) {}

  void request(http::Request request, Duration,
               std::function<void(Result<http::Response>)> done) override {
    seen.push_back(request.method + " " + request.path);
    last = request;
    loop_.post(
        [this, request = std::move(request), done = std::move(done)] { done(answers_(request)); });
  }
  std::unique_ptr<http::Call> stream(http::Request, http::StreamEvents) override { return nullptr; }

  std::vector<std::string> seen;
  http::Request last;

 private:
  Loop& loop_;
  Answers answers_;
};

http::Response reply(int status, std::string body = {}, http::Headers headers = {}) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = http::bytes(std::move(body));
  return response;
}

constexpr const char* root =
    R"({"Links":{"Sessions":{"@odata.id":"/redfish/v1/SessionService/Sessions"}}})";

constexpr const char* sessions = "/redfish/v1/SessionService/Sessions";

// The service root and a session service that lets "root" with "secret" in.
std::optional<http::Response> log_in(const http::Request& request, std::string token = "t1") {
  if (request.path == "/redfish/v1" && request.method == "GET") return reply(200, root);
  if (request.path != sessions) return std::nullopt;
  const auto body = json::parse(*request.body).value();
  if (body.string_at({"Password"}) != "secret") return reply(401);
  return reply(201, "{}",
               {{"x-auth-token", token}, {"location", "/redfish/v1/SessionService/Sessions/9"}});
}

ClientOptions options(std::string password = "secret") {
  return {.authority = "bmc", .credentials = {"root", std::move(password)}};
}

TEST(RedfishClient, opens_a_session_and_ends_it) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (auto in = log_in(r)) return *in;
    EXPECT_EQ(r.header("x-auth-token"), "t1");
    EXPECT_EQ(r.header("authorization"), "");
    return r.method == "DELETE" ? reply(204) : reply(200, R"({"Name":"x"})", {{"etag", "\"1\""}});
  });
  {
    Client client(loop, fake, options());
    const auto answer = client.get("/redfish/v1/Chassis");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body.string_at({"Name"}), "x");
    EXPECT_EQ(answer->etag, "\"1\"");
  }
  EXPECT_THAT(fake.seen, ElementsAre("GET /redfish/v1", "POST /redfish/v1/SessionService/Sessions",
                                     "GET /redfish/v1/Chassis",
                                     "DELETE /redfish/v1/SessionService/Sessions/9"));
}

TEST(RedfishClient, ends_its_session_whatever_host_the_controller_calls_itself) {
  const http::Headers answers[] = {
      {{"x-auth-token", "t1"}, {"location", "https://10.0.0.5:443/redfish/v1/S/9"}},
      {{"x-auth-token", "t1"}, {"location", "http://bmc.inside/redfish/v1/S/9"}},
      {{"x-auth-token", "t1"}, {"location", "https://bmc.inside"}},
      {{"x-auth-token", "t1"}}};
  for (const http::Headers& headers : answers) {
    Loop loop;
    Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
      if (r.method == "POST") return reply(201, R"({"@odata.id":"/redfish/v1/S/9"})", headers);
      if (auto in = log_in(r)) return *in;
      return r.method == "DELETE" ? reply(204) : reply(200, "{}");
    });
    Client(loop, fake, options()).get("/redfish/v1/Chassis").value();
    EXPECT_EQ(fake.seen.back(), "DELETE /redfish/v1/S/9");
  }
}

TEST(RedfishClient, a_wrong_password_is_unauthorized_and_never_told) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (auto in = log_in(r)) return *in;
    return reply(200, "{}");
  });
  Client client(loop, fake, options("hunter2"));
  const auto answer = client.get("/redfish/v1/Chassis");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().reason, Reason::unauthorized);
  EXPECT_THAT(answer.error().message, HasSubstr("does not let \"root\" in"));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
}

constexpr const char* two_collections =
    R"({"Chassis":{"@odata.id":"/c"},"Systems":{"@odata.id":"/s"}})";

TEST(RedfishSurvey, fails_when_the_controller_answers_for_its_root_alone) {
  Loop loop;
  bool has_chassis = false;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (r.path == "/redfish/v1") return reply(200, two_collections);
    if (r.path == "/c" && has_chassis) return reply(200, R"({"Members":[]})");
    return Error{Reason::timeout, "no answer in time"};
  });
  Client client(loop, fake, {.authority = "bmc"});
  const auto hangs = survey(client);
  ASSERT_FALSE(hangs.ok());
  EXPECT_EQ(hangs.error().reason, Reason::timeout);
  EXPECT_EQ(hangs.error().message, "/s: no answer in time");
  has_chassis = true;
  const auto half = survey(client);
  ASSERT_TRUE(half.ok());
  EXPECT_THAT(half->notes, Contains("/s: no answer in time"));
}

TEST(RedfishSurvey, has_an_end_however_much_there_is) {
  Loop loop;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    return reply(200, r.path == "/redfish/v1" ? two_collections : R"({"Members":[]})");
  });
  Client client(loop, fake, {.authority = "bmc", .survey = seconds(0)});
  const auto cut = survey(client);
  ASSERT_TRUE(cut.ok());
  EXPECT_THAT(cut->notes, Contains(HasSubstr("has not told all within 0s: 2 documents")));
  EXPECT_THAT(fake.seen, ElementsAre("GET /redfish/v1"));
}

TEST(RedfishClient, falls_back_to_basic_without_a_session_service) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (r.path == "/redfish/v1") return reply(200, "{}");
    EXPECT_EQ(r.header("authorization"), "Basic " + base64_encode("root:secret"));
    return reply(200, "{}");
  });
  Client client(loop, fake, options());
  EXPECT_TRUE(client.get("/redfish/v1/Chassis").ok());
}

TEST(RedfishClient, logs_in_once_more_when_its_session_has_expired) {
  Loop loop;
  int logins = 0;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (r.method == "POST") return *log_in(r, "t" + std::to_string(++logins));
    if (auto in = log_in(r)) return *in;
    if (r.method == "DELETE") return reply(204);
    return r.header("x-auth-token") == "t2" ? reply(200, "{}") : reply(401);
  });
  Client client(loop, fake, options());
  EXPECT_TRUE(client.get("/redfish/v1/Chassis").ok());
  EXPECT_EQ(logins, 2);
  Fake never(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (auto in = log_in(r)) return *in;
    return reply(401);
  });
  Client hopeless(loop, never, options());
  EXPECT_EQ(hopeless.get("/redfish/v1/Chassis").error().reason, Reason::unauthorized);
  EXPECT_LT(never.seen.size(), 8U) << "it gives up";
}

TEST(RedfishClient, reads_all_although_each_session_lasts_for_a_few_of_them) {
  Loop loop;
  int logins = 0, left = 0;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (r.method == "POST") {
      left = 5;
      return *log_in(r, "t" + std::to_string(++logins));
    }
    if (auto in = log_in(r)) return *in;
    if (r.method == "DELETE") return reply(204);
    const bool is_known = r.header("x-auth-token") == "t" + std::to_string(logins) && left-- > 0;
    return is_known && r.path != "/redfish/v1/Secret/1" ? reply(200, "{}") : reply(401);
  });
  Client client(loop, fake, options());
  std::vector<std::string> ids{"/redfish/v1/Secret/1"};
  for (int i = 0; i < 22; ++i) ids.push_back("/redfish/v1/Chassis/" + std::to_string(i));
  const auto answers = client.read(ids);
  EXPECT_EQ(answers.front().error().reason, Reason::unauthorized);
  for (size_t i = 1; i < answers.size(); ++i) EXPECT_TRUE(answers[i].ok()) << i;
  EXPECT_LE(logins, 8) << "it gives up";
}

TEST(RedfishClient, a_change_is_sent_again_only_when_it_was_not_let_in) {
  Loop loop;
  int patches = 0, logins = 0;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (r.method == "POST") return *log_in(r, "t" + std::to_string(++logins));
    if (auto in = log_in(r)) return *in;
    if (r.method != "PATCH") return reply(204);
    ++patches;
    return r.header("x-auth-token") == "t2" ? reply(503) : reply(401);
  });
  Client client(loop, fake, options());
  EXPECT_EQ(client.patch("/x", json::Value(json::Object()), "").error().reason,
            Reason::unavailable);
  EXPECT_EQ(patches, 2);
}

TEST(RedfishClient, tries_a_read_again_while_the_controller_is_busy) {
  Loop loop;
  int busy = 2;
  Fake fake(loop, [&](const http::Request&) -> Result<http::Response> {
    if (busy-- > 0) return reply(503, {}, {{"retry-after", "0"}});
    return reply(200, "{}");
  });
  Client client(loop, fake, {.authority = "bmc"});
  EXPECT_TRUE(client.get("/redfish/v1").ok());
  EXPECT_EQ(fake.seen.size(), 3U);
  busy = 99;
  EXPECT_EQ(client.get("/redfish/v1").error().reason, Reason::unavailable);
  EXPECT_EQ(fake.seen.size(), 6U);
}

TEST(RedfishClient, follows_a_redirect_within_the_host_and_none_elsewhere) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (r.path == "/near") return reply(302, {}, {{"location", "/there"}});
    if (r.path == "/full") return reply(308, {}, {{"location", "https://BMC/there"}});
    if (r.path == "/far") return reply(302, {}, {{"location", "https://bmc.evil/there"}});
    if (r.path == "/loop") return reply(302, {}, {{"location", "/loop"}});
    return reply(200, R"({"Name":"there"})");
  });
  Client client(loop, fake, {.authority = "bmc"});
  EXPECT_EQ(client.get("/near")->body.string_at({"Name"}), "there");
  EXPECT_EQ(client.get("/full")->body.string_at({"Name"}), "there");
  EXPECT_THAT(client.get("/far").error().message, HasSubstr("another host"));
  EXPECT_THAT(client.get("/loop").error().message, HasSubstr("without end"));
  EXPECT_THAT(fake.seen, Not(Contains("GET /there/there")));
}

// As DSP0266 allows for the root, and some controllers have it for all.
TEST(RedfishClient, works_with_a_controller_whose_paths_end_in_a_slash) {
  Loop loop;
  std::vector<std::string> changed;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (!r.path.ends_with('/')) return reply(301, {}, {{"location", r.path + "/"}});
    http::Request bare = r;
    bare.path.pop_back();
    if (auto in = log_in(bare)) return *in;
    EXPECT_EQ(r.header("x-auth-token"), "t1") << "no fall back to Basic";
    if (r.method != "GET") changed.push_back(r.method + " " + r.path);
    return reply(200, R"({"Name":"x"})");
  });
  {
    Client client(loop, fake, options());
    EXPECT_EQ(client.get("/redfish/v1")->body.string_at({"Links", "Sessions", "@odata.id"}),
              sessions);
    EXPECT_EQ(client.get("/redfish/v1/Chassis")->body.string_at({"Name"}), "x");
    EXPECT_TRUE(client.patch("/redfish/v1/Chassis", json::Value(json::Object()), "").ok());
    EXPECT_TRUE(client.post("/redfish/v1/reset", json::Value(json::Object())).ok());
  }
  EXPECT_THAT(changed, ElementsAre("PATCH /redfish/v1/Chassis/", "POST /redfish/v1/reset/",
                                   "DELETE /redfish/v1/SessionService/Sessions/9/"));
}

TEST(RedfishClient, a_change_follows_no_redirect_to_another_path) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (r.path == "/done") return reply(303, {}, {{"location", "/done/"}});
    if (r.path == "/far") return reply(308, {}, {{"location", "https://evil/far/"}});
    return reply(308, {}, {{"location", r.path == "/a" ? "/b" : r.path + "/"}});
  });
  Client client(loop, fake, {.authority = "bmc"});
  for (const char* path : {"/done", "/far", "/a", "/loop"})
    EXPECT_THAT(client.post(path, json::Value(json::Object())).error().message,
                HasSubstr("answers a change with a redirect"))
        << path;
  EXPECT_THAT(fake.seen,
              ElementsAre("POST /done", "POST /far", "POST /a", "POST /loop", "POST /loop/"));
}

TEST(RedfishClient, escapes_of_an_id_reach_the_controller_as_they_were) {
  Loop loop;
  Fake fake(loop, [](const http::Request&) -> Result<http::Response> { return reply(200, "{}"); });
  Client client(loop, fake, {.authority = "bmc"});
  EXPECT_TRUE(client.get("/c/A%20B?$skip=5").ok());
  EXPECT_EQ(fake.last.path, "/c/A B");
  EXPECT_EQ(fake.last.query, (http::Query{{"$skip", "5"}}));
  EXPECT_FALSE(client.get("/c/%zz").ok());
}

TEST(RedfishClient, says_what_the_controller_says) {
  Loop loop;
  Fake fake(loop, [](const http::Request& r) -> Result<http::Response> {
    if (r.path == "/why")
      return reply(
          400,
          R"({"error":{"message":"see","@Message.ExtendedInfo":[{"Message":"No.","Resolution":"Ask."}]}})");
    if (r.path == "/html") return reply(500, "<html>");
    return reply(200, "<html>");
  });
  Client client(loop, fake, {.authority = "bmc"});
  EXPECT_EQ(client.get("/why").error().message, "/why: No. Ask.");
  EXPECT_EQ(client.get("/html").error().message, "/html: answered with status 500");
  EXPECT_THAT(client.get("/other").error().message, HasSubstr("malformed JSON"));
}

TEST(RedfishClient, a_limit_that_the_controller_swallows_is_not_in_force) {
  Loop loop;
  Fake fake(loop, [](const http::Request&) -> Result<http::Response> {
    return reply(200,
                 R"({"PowerLimitWatts":{"SetPoint":500,"AllowableMin":100,"AllowableMax":600}})");
  });
  Client client(loop, fake, {.authority = "bmc"});
  PowerLimit limit;
  limit.id = "/m";
  const auto same = set_limit(client, limit, 500);
  ASSERT_TRUE(same.ok());
  EXPECT_TRUE(same->is_in_force);
  EXPECT_THAT(set_limit(client, limit, 99).error().message, HasSubstr("below AllowableMin"));
  EXPECT_THAT(fake.seen, Contains("PATCH /m").Times(1)) << "what is refused is not sent";
}

constexpr const char* machine =
    R"({"PowerState":"On","LastResetTime":"a","Actions":{"#ComputerSystem.Reset":{"target":"/s/r/",
        "ResetType@Redfish.AllowableValues":["ForceRestart","ForceOff","On","Nmi"]}}})";

TEST(RedfishReset, that_nothing_shows_is_not_settled) {
  Loop loop;
  std::string now = machine;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    return r.method == "POST" ? reply(204) : reply(200, now);
  });
  Client client(loop, fake, {.authority = "bmc"});
  const System system = look(client, "/s").value();
  const auto ignored = reset(client, system, "ForceRestart", seconds(0));
  ASSERT_TRUE(ignored.ok());
  EXPECT_EQ(ignored->after, "On");
  EXPECT_FALSE(ignored->is_settled);
  EXPECT_THAT(fake.seen, Contains("POST /s/r/")) << "as the controller writes it";
  EXPECT_TRUE(reset(client, system, "On", seconds(0))->is_settled) << "a state, and no event";
  now.replace(now.find("\"a\""), 3, "\"b\"");
  EXPECT_TRUE(reset(client, system, "ForceRestart", seconds(0))->is_settled);
}

TEST(RedfishReset, that_is_not_answered_is_an_error_unless_it_shows) {
  Loop loop;
  std::string now = machine;
  Fake fake(loop, [&](const http::Request& r) -> Result<http::Response> {
    if (r.method == "POST") return Error{Reason::timeout, "no answer in time"};
    return reply(200, now);
  });
  Client client(loop, fake, {.authority = "bmc"});
  const System system = look(client, "/s").value();
  const auto lost = reset(client, system, "ForceRestart", seconds(0));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().reason, Reason::timeout);
  EXPECT_THAT(lost.error().message, HasSubstr("sent, not verified: /s/r/: no answer in time"));
  EXPECT_EQ(reset(client, system, "Nmi", seconds(0)).error().reason, Reason::timeout);
  EXPECT_FALSE(reset(client, system, "ForceOff", seconds(0))->is_settled);
  now.replace(now.find("\"a\""), 3, "\"b\"");
  EXPECT_TRUE(reset(client, system, "ForceRestart", seconds(0))->is_settled);
}

TEST(SameHost, compares_the_whole_authority) {
  EXPECT_EQ(same_host("/a", "bmc"), "/a");
  EXPECT_EQ(same_host("https://bmc/a", "bmc"), "/a");
  EXPECT_EQ(same_host("https://bmc:8443/a", "bmc:8443"), "/a");
  EXPECT_EQ(same_host("/a/", "bmc"), "/a/") << "to some controllers it matters";
  for (const char* elsewhere : {"https://bmc:8443/a", "https://bmc.evil/a", "https://bmc@evil/a",
                                "http://bmc/a", "//bmc/a", "a", ""})
    EXPECT_EQ(same_host(elsewhere, "bmc"), "") << elsewhere;
}

}  // namespace
}  // namespace freehold::provider::redfish
