// token: what a machine needs to join. kubeconfig: what a person needs.
#include "auth/auth.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/data_dir.h"

namespace freehold::cli {

namespace {

// The kubeconfig of a control plane's own machine names it by a loopback address, which is another
// machine's own.
std::string seen_from_elsewhere(const std::string& url) {
  for (const std::string_view host : {"https://127.0.0.1:", "https://localhost:", "https://[::1]:"})
    if (url.starts_with(host)) return "https://HOST:" + url.substr(host.size());
  return url;
}

}  // namespace

int token(const ClientOptions& client, const TokenOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  json::Object body;
  if (!options.node.empty()) body["nodeName"] = options.node;
  if (!options.site.empty()) body["site"] = options.site;
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
                     ". There, run:\n  freehold agent --server ";
  const std::string url = seen_from_elsewhere((*session)->url());
  hint += url;
  if (!options.node.empty()) hint += " --node " + options.node;
  hint += " --token " + text + "\n";
  if (url != (*session)->url())
    hint +=
        "HOST: a name or address at which that machine reaches this control plane, which must "
        "listen there (--listen) and know it as its own (--host).\n";
  put(hint, stderr);
  return done;
}

int kubeconfig(const KubeconfigOptions& options) {
  std::vector<std::string> names = options.groups;
  names.push_back(options.user);
  for (const std::string& name : names) {
    const bool is_taken = name.starts_with("freehold:") || name.starts_with("system:");
    if (name.empty() || name.size() > 64 || (is_taken && name != auth::admins))
      return complain_usage({Reason::bad_request,
                             "a user or group has 1 to 64 characters and begins neither with "
                             "freehold: nor with system:; the one exception is group " +
                                 std::string(auth::admins)});
  }
  if (options.life <= Duration{})
    return complain_usage({Reason::bad_request, "--ttl must be more than nothing, such as 2160h"});
  Loop loop;
  const auto text = kubeconfig_for(DataDir{options.data_dir}, {options.user, options.groups},
                                   options.life, loop.now());
  if (!text) return complain(text.error());
  put(*text);
  return done;
}

}  // namespace freehold::cli
