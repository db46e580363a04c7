// token: what a machine needs to join.
#include "cli/cli.h"
#include "cli/commands.h"

namespace freehold::cli {

int token(const ClientOptions& client, const TokenOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  json::Object body;
  if (!options.node.empty()) body["nodeName"] = options.node;
  if (!options.ttl.empty()) body["ttl"] = options.ttl;
  const auto answer = (*session)->post("/tokens", body);
  if (!answer) return complain(answer.error());
  if (client.output == Output::json || client.output == Output::yaml) {
    put(document(*answer, client.output));
    return done;
  }
  const std::string text(answer->string_at({"token"}));
  put(text + "\n");
  std::string hint = "It holds for one machine until " +
                     std::string(answer->string_at({"expires"})) +
                     ". There, run:\n  freehold agent --server " + (*session)->url();
  if (!options.node.empty()) hint += " --node " + options.node;
  put(hint + " --token " + text + "\n", stderr);
  return done;
}

}  // namespace freehold::cli
