#include "http/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/strings.h"
#include "http/testing/fixture.h"

namespace freehold::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Validity day() {
  const Time now = Loop().now();
  return {now - hours(1), now + hours(23)};
}

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "freehold-pki-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  // The standard output and error of a command.
  std::string run(const std::string& command) const {
    const std::string out = path_ / "out";
    EXPECT_NE(std::system((command + " >" + out + " 2>&1").c_str()), -1);
    std::ifstream file(out);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
};

bool has_openssl() { return std::system("openssl version >/dev/null 2>&1") == 0; }

TEST(Pki, openssl_verifies_what_is_issued) {
  if (!has_openssl()) GTEST_SKIP() << "no openssl program";
  const KeyPair authority = make_authority("freehold test", day()).value();
  const KeyPair server = issue_server(authority, {"api.example", "10.0.0.1", "::1"}, day()).value();
  const KeyPair client = issue_client(authority, {"alice", {"team-a"}}, day()).value();
  const Folder folder;
  const std::string ca = folder.write("ca.pem", authority.certificate_pem);
  const std::string leaf = folder.write("server.pem", server.certificate_pem);
  const std::string user = folder.write("client.pem", client.certificate_pem);
  const std::string verify = "openssl verify -x509_strict -CAfile " + ca;
  EXPECT_THAT(folder.run(verify + " -purpose sslserver -verify_hostname api.example " + leaf),
              HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -purpose sslserver -verify_ip 10.0.0.1 " + leaf),
              HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -purpose sslserver -verify_ip ::1 " + leaf), HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -purpose sslclient " + user), HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -purpose sslserver " + user), HasSubstr("unsuitable"));
  EXPECT_THAT(folder.run(verify + " -purpose sslclient " + leaf), HasSubstr("unsuitable"));
  EXPECT_THAT(folder.run(verify + " -verify_hostname other.example " + leaf),
              HasSubstr("mismatch"));
}

TEST(Pki, a_certificate_says_what_it_may_be_used_for) {
  if (!has_openssl()) GTEST_SKIP() << "no openssl program";
  const KeyPair authority = make_authority("freehold test", day()).value();
  const KeyPair server = issue_server(authority, {"api.example"}, day()).value();
  const Folder folder;
  const std::string show = "openssl x509 -noout -text -in ";
  EXPECT_THAT(folder.run(show + folder.write("ca.pem", authority.certificate_pem)),
              ::testing::AllOf(HasSubstr("CA:TRUE, pathlen:0"), HasSubstr("Certificate Sign"),
                               HasSubstr("ecdsa-with-SHA256"), HasSubstr("prime256v1"),
                               HasSubstr("Subject Key Identifier")));
  EXPECT_THAT(folder.run(show + folder.write("server.pem", server.certificate_pem)),
              ::testing::AllOf(HasSubstr("CA:FALSE"), HasSubstr("DNS:api.example"),
                               HasSubstr("TLS Web Server Authentication"),
                               HasSubstr("Authority Key Identifier")));
}

TEST(Pki, the_digest_of_a_request_is_that_of_its_key) {
  const KeyPair one = make_request().value(), other = make_request().value();
  const std::string digest = request_key_sha256(one.certificate_pem).value();
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(request_key_sha256(one.certificate_pem).value(), digest);
  EXPECT_NE(request_key_sha256(other.certificate_pem).value(), digest);
  EXPECT_EQ(request_key_sha256("nothing").error().reason, Reason::invalid);
  if (!has_openssl()) GTEST_SKIP() << "no openssl program";
  const Folder folder;
  const std::string request = folder.write("request.pem", one.certificate_pem);
  EXPECT_THAT(folder.run("openssl req -in " + request +
                         " -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum"),
              HasSubstr(digest));
}

TEST(Pki, a_server_certificate_brings_its_authority_along) {
  const KeyPair authority = make_authority("freehold test", day()).value();
  const KeyPair server = issue_server(authority, {"a"}, day()).value();
  EXPECT_TRUE(server.certificate_pem.ends_with(authority.certificate_pem));
  EXPECT_NE(server.certificate_pem, authority.certificate_pem);
  EXPECT_THAT(server.key_pem, HasSubstr("BEGIN PRIVATE KEY"));
}

TEST(Pki, subject_and_validity_come_back) {
  const KeyPair authority = make_authority("ca", day()).value();
  const std::string name = "freehold:node:" + std::string(200, 'n');  // beyond RFC 5280's 64
  const Validity asked{Time{1'800'000'000'000'000}, Time{4'102'444'800'000'000}};  // to 2100
  const KeyPair client = issue_client(authority, {name, {"b", "a"}}, asked).value();
  const Subject subject = certificate_subject(client.certificate_pem).value();
  EXPECT_EQ(subject.common_name, name);
  EXPECT_THAT(subject.organizations, ElementsAre("b", "a"));
  const Validity validity = certificate_validity(client.certificate_pem).value();
  EXPECT_EQ(validity.from, asked.from);
  EXPECT_EQ(validity.until, asked.until);
}

TEST(Pki, a_request_is_signed_for_the_subject_that_the_caller_names) {
  const KeyPair authority = make_authority("ca", day()).value();
  const KeyPair request = make_request().value();
  EXPECT_THAT(request.certificate_pem, HasSubstr("BEGIN CERTIFICATE REQUEST"));
  const std::string certificate =
      sign_request(authority, request.certificate_pem, {"node-1", {"nodes"}}, Use::call, day())
          .value();
  EXPECT_EQ(certificate_subject(certificate)->common_name, "node-1");
}

TEST(Pki, a_request_that_asks_for_more_gets_what_the_caller_names_and_no_host) {
  if (!has_openssl()) GTEST_SKIP() << "no openssl program";
  const KeyPair authority = make_authority("ca", day()).value();
  const Folder folder;
  const std::string request = folder.run(
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null "
      "-subj /O=freehold:admins/CN=admin -addext subjectAltName=DNS:control.example,IP:10.0.0.7 "
      "-addext basicConstraints=CA:TRUE -out /dev/stdout 2>/dev/null");
  const std::string leaf = folder.write(
      "leaf.pem",
      sign_request(authority, request, {"node-1", {"nodes"}}, Use::call_and_serve, day()).value());
  const std::string text = folder.run("openssl x509 -noout -text -in " + leaf);
  EXPECT_THAT(text, HasSubstr("Subject: O = nodes, CN = node-1\n"));
  EXPECT_THAT(text, HasSubstr("CA:FALSE"));
  EXPECT_THAT(text, Not(HasSubstr("Alternative")));
  const std::string verify =
      "openssl verify -x509_strict -CAfile " + folder.write("ca.pem", authority.certificate_pem);
  EXPECT_THAT(folder.run(verify + " -purpose sslserver " + leaf), HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -purpose sslclient " + leaf), HasSubstr("OK"));
  EXPECT_THAT(folder.run(verify + " -verify_ip 10.0.0.7 " + leaf + " 2>&1"),
              HasSubstr("IP address mismatch"));
}

TEST(Pki, refuses_requests_that_prove_nothing) {
  const KeyPair authority = make_authority("ca", day()).value();
  const auto refused = [&](const std::string& pem) {
    const auto signed_ = sign_request(authority, pem, {"n", {}}, Use::call, day());
    EXPECT_FALSE(signed_.ok());
    return signed_.ok() ? std::string() : signed_.error().message;
  };
  EXPECT_THAT(refused(""), HasSubstr("not a PEM"));
  EXPECT_THAT(refused(authority.certificate_pem), HasSubstr("not a PEM"));
  EXPECT_THAT(refused(std::string(1 << 20, 'x')), HasSubstr("not a PEM"));
  // A signature that does not fit: one bit of the request's last byte.
  const std::string pem = make_request()->certificate_pem;
  const size_t begin = pem.find('\n') + 1;
  const size_t end = pem.find("-----END");
  std::string text = pem.substr(begin, end - begin);
  std::erase(text, '\n');
  std::string der = base64_decode(text).value();
  der.back() = static_cast<char>(der.back() ^ 1);
  EXPECT_THAT(refused(pem.substr(0, begin) + base64_encode(der) + "\n" + pem.substr(end)),
              HasSubstr("not signed with its own key"));
}

TEST(Pki, refuses_a_weak_key) {
  if (!has_openssl()) GTEST_SKIP() << "no openssl program";
  const KeyPair authority = make_authority("ca", day()).value();
  const Folder folder;
  const std::string pem = folder.run(
      "openssl req -new -newkey rsa:1024 -nodes -keyout /dev/null -subj /CN=x -out /dev/stdout "
      "2>/dev/null");
  const auto signed_ = sign_request(authority, pem, {"n", {}}, Use::call, day());
  ASSERT_FALSE(signed_.ok());
  EXPECT_THAT(signed_.error().message, HasSubstr("RSA of 2048"));
}

TEST(Pki, refuses_what_it_cannot_issue) {
  const KeyPair authority = make_authority("ca", day()).value();
  const KeyPair other = make_authority("other", day()).value();
  const KeyPair client = issue_client(authority, {"a", {}}, day()).value();
  EXPECT_FALSE(issue_server(authority, {}, day()).ok());
  EXPECT_FALSE(issue_server(authority, {"not a host"}, day()).ok());
  EXPECT_FALSE(issue_server(authority, {"a,DNS:b"}, day()).ok());
  EXPECT_TRUE(issue_server(authority, {"*.example"}, day()).ok());
  EXPECT_FALSE(issue_client(authority, {"", {}}, day()).ok());
  EXPECT_FALSE(issue_client(authority, {"a", {std::string("x\0y", 3)}}, day()).ok());
  EXPECT_FALSE(issue_client(authority, {"\xff", {}}, day()).ok());
  EXPECT_FALSE(issue_client(client, {"a", {}}, day()).ok()) << "a client is no authority";
  EXPECT_FALSE(issue_client({authority.certificate_pem, other.key_pem}, {"a", {}}, day()).ok());
  EXPECT_FALSE(make_authority("ca", {day().until, day().from}).ok());
  EXPECT_FALSE(certificate_subject("nonsense").ok());
}

TEST(Pki, two_certificates_never_share_a_serial) {
  const KeyPair authority = make_authority("ca", day()).value();
  const auto one = issue_client(authority, {"a", {}}, day())->certificate_pem;
  const auto two = issue_client(authority, {"a", {}}, day())->certificate_pem;
  EXPECT_NE(certificate_sha256(one).value(), certificate_sha256(two).value());
  EXPECT_EQ(certificate_sha256(one)->size(), 64u);
}

TEST(Hash, agrees_with_published_vectors) {
  // FIPS 180-2 appendix B.1; RFC 4231 test case 2.
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256("", "").size(), 32u);
}

TEST(RandomBytes, differ) {
  EXPECT_EQ(random_bytes(32).size(), 32u);
  EXPECT_NE(random_bytes(32), random_bytes(32));
  EXPECT_EQ(random_bytes(0), "");
}

}  // namespace
}  // namespace freehold::http
