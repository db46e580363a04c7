// How arguments are written: every command with its options, and which function runs it.
#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <map>
#include <sstream>

#include "base/strings.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/facility.h"
#include "cli/redfish.h"
#include "cli/serve.h"
#include "fleet/generate.h"

namespace freehold::cli {

namespace {

// What was chosen; filled while the arguments are read, run when all of them were understood.
struct Chosen {
  std::function<int()> command;
};

struct Arguments {
  ClientOptions client;
  ServeOptions serve;
  AgentCommand agent;
  GetOptions get;
  FileOptions files;
  DeleteOptions remove;
  AcceptOptions accept;
  ReleaseOptions release;
  WaitOptions wait;
  LogOptions logs;
  TopOptions top;
  TokenOptions token;
  KubeconfigOptions kubeconfig;
  GenerateCommand generate;
  TopologyOptions topology;
  DocsOptions docs;
  ImportCommand import;
  FacilityOptions facility;
  RedfishOptions redfish;
  std::string name, root = "/", data_dir;
  std::string docs_check, docs_write;
};

using Forms = std::map<std::string, Output>;

void add_forms(CLI::App& app, Output& output, const Forms& forms, const std::string& list) {
  app.add_option_function<std::string>(
         "-o,--output",
         [&output, &forms, list](const std::string& given) {
           const auto form = forms.find(to_lower(given));
           if (form == forms.end())
             throw CLI::ValidationError("--output",
                                        "\"" + printable(given) + "\" is no form; use " + list);
           output = form->second;
         },
         list)
      ->option_text("FORM");
}
void add_output(CLI::App& app, Output& output) {
  static const Forms forms{{"json", Output::json},
                           {"yaml", Output::yaml},
                           {"wide", Output::wide},
                           {"name", Output::name}};
  add_forms(app, output, forms, "json, yaml, wide or name");
}
// Of commands that show objects without more columns.
void add_object_output(CLI::App& app, Output& output) {
  static const Forms forms{{"json", Output::json}, {"yaml", Output::yaml}, {"name", Output::name}};
  add_forms(app, output, forms, "json, yaml or name");
}
// Of commands that show no objects, which have no names and no more columns.
void add_document_output(CLI::App& app, Output& output) {
  static const Forms forms{{"json", Output::json}, {"yaml", Output::yaml}};
  add_forms(app, output, forms, "json or yaml");
}

void add_client(CLI::App& app, ClientOptions& client) {
  app.add_option("--kubeconfig", client.kubeconfig, "how to reach the control plane");
  app.add_option("--context", client.context, "context of the kubeconfig");
  app.add_option("-n,--namespace", client.ns, "namespace; the context's by default");
}

void add_duration(CLI::App& app, const std::string& name, Duration& to, const std::string& text) {
  app.add_option_function<std::string>(
         name,
         [&to, name](const std::string& given) {
           const auto parsed = parse_duration(given);
           if (!parsed) throw CLI::ValidationError(name, "use a duration such as 60s or 5m");
           to = *parsed;
         },
         text)
      ->option_text("DURATION");
}

void add_files(CLI::App& app, std::vector<std::string>& files) {
  app.add_option("-f,--filename", files, "file, directory or - (standard input); may be repeated")
      ->allow_extra_args(false);
}

std::string name_fault(const std::string& given) {
  if (is_dns_subdomain(given)) return {};
  return "\"" + printable(given) + "\" is no DNS name; use a-z, 0-9, - and ., such as rack1-node7";
}

// Nodes say where they stand by it, and their sites are labels.
std::string site_fault(const std::string& given) {
  if (is_dns_label(given)) return {};
  return "\"" + printable(given) + "\" is no name of a site; use a-z, 0-9 and -, such as fra1";
}

void add_serve(CLI::App& app, ServeOptions& o) {
  app.add_option("--data-dir", o.data_dir, "where the store and the keys are");
  app.add_option("--listen", o.listen, "host:port; port 0 picks one")->capture_default_str();
  app.add_option("--organization", o.organization,
                 "name of the organization in the record; fixed at the first start, else local")
      ->check(name_fault);
  app.add_option("--site", o.site,
                 "name of the site in the record; fixed at the first start, else local")
      ->check(site_fault);
  app.add_option("--host", o.hosts, "further name or address that clients use")
      ->allow_extra_args(false);
  app.add_flag("-q,--quiet", o.quiet, "do not say where it serves");
}

void add_node(CLI::App& app, AgentCommand& o) {
  app.add_option("--node", o.node, "name of the node; the host's by default")->check(name_fault);
  app.add_option("--reserve-cpus", o.reserve_cpus, "CPUs that the system keeps")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--reserve-memory", o.reserve_memory, "memory that the system keeps, e.g. 4Gi");
  app.add_option("--discovery-seconds", o.discovery_seconds, "between looks at the hardware")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.add_flag("--forget-missing", o.forget_missing, "devices that were there and are gone");
}

void add_servers(CLI::App& app, const Program& program, Arguments& a, Chosen& chosen) {
  CLI::App* server = app.add_subcommand("server", "run a control plane");
  add_serve(*server, a.serve);
  server->final_callback([&] { chosen.command = [&] { return serve(program, a.serve); }; });
  CLI::App* dev = app.add_subcommand("dev", "run a control plane and an agent in one process");
  add_serve(*dev, a.serve);
  add_node(*dev, a.agent);
  dev->final_callback(
      [&] { chosen.command = [&] { return serve_with_agent(program, a.serve, a.agent); }; });
  CLI::App* agent = app.add_subcommand("agent", "join this machine to a control plane");
  agent->add_option("--data-dir", a.agent.data_dir, "where its certificate and instances are");
  agent->add_option("--server", a.agent.server, "URL of the control plane");
  agent->add_option("--token", a.agent.token, "from `freehold token`; needed once");
  agent->add_option("--site", a.agent.site, "site that it stands in")->check(site_fault);
  agent->add_option("--address", a.agent.address, "at which its workloads are reached");
  agent->add_option("--listen", a.agent.listen, "host:port for logs; told to the server")
      ->capture_default_str();
  agent->add_option("--root", a.agent.root, "where the machine's files are")->capture_default_str();
  add_node(*agent, a.agent);
  agent->final_callback([&] {
    if (a.agent.server.empty()) throw CLI::RequiredError("--server");
    chosen.command = [&] { return run_agent(program, a.agent); };
  });
}

void add_objects(CLI::App& app, Arguments& a, Chosen& chosen) {
  CLI::App* get_command = app.add_subcommand("get", "show objects");
  add_client(*get_command, a.client);
  add_output(*get_command, a.client.output);
  get_command->add_option("names", a.get.names, "KIND, KIND/NAME or KIND NAME…")->required();
  get_command->add_option("-l,--selector", a.get.label_selector, "labels that must fit");
  get_command->add_option("--field-selector", a.get.field_selector, "fields that must fit");
  get_command->add_flag("-A,--all-namespaces", a.get.all_namespaces, "of every namespace");
  get_command->add_flag("-w,--watch", a.get.watch, "go on with each change");
  get_command->add_flag("!--no-headers", a.get.headers, "without the line of headers");
  get_command->final_callback([&] { chosen.command = [&] { return get(a.client, a.get); }; });
  CLI::App* explain_command = app.add_subcommand("explain", "say what a kind or field means");
  explain_command->add_option("path", a.name, "KIND or KIND.path")->required();
  explain_command->final_callback([&] { chosen.command = [&] { return explain(a.name); }; });
  CLI::App* remove = app.add_subcommand("delete", "delete objects");
  add_client(*remove, a.client);
  remove->add_option("names", a.remove.names, "KIND NAME… or KIND/NAME…");
  add_files(*remove, a.remove.files);
  remove->add_flag("--wait,!--no-wait", a.remove.wait, "until they are gone (default)");
  remove->add_flag("--ignore-not-found", a.remove.ignore_absent, "what is absent is no failure");
  add_duration(*remove, "--timeout", a.remove.timeout, "how long to wait; 60s by default");
  remove->final_callback(
      [&] { chosen.command = [&] { return delete_objects(a.client, a.remove); }; });
}

using OnFiles = int (*)(const ClientOptions&, const FileOptions&);
using OnName = int (*)(const ClientOptions&, const std::string&);

void add_on_files(CLI::App& app, Arguments& a, Chosen& chosen) {
  const auto add = [&](const char* name, const char* text, OnFiles run) {
    CLI::App* command = app.add_subcommand(name, text);
    add_client(*command, a.client);
    add_files(*command, a.files.files);
    command->get_option("--filename")->required();
    command->final_callback(
        [&, run] { chosen.command = [&, run] { return run(a.client, a.files); }; });
    return command;
  };
  CLI::App* apply_command = add("apply", "create or change objects, all or none", apply);
  apply_command->add_flag("--dry-run", a.files.dry_run, "check everything, change nothing");
  apply_command->footer(
      "Up to 3 MiB are applied whole or not at all. More is applied as several such sets, what\n"
      "others refer to first; the first one that is refused ends it, and what came before stays.");
  add_object_output(*apply_command, a.client.output);
  add_document_output(*add("plan", "say what apply would do", plan), a.client.output);
  add_document_output(*add("quote", "say what would be offered for a contract", quote),
                      a.client.output);
}

void add_contracts(CLI::App& app, Arguments& a, Chosen& chosen) {
  const auto add = [&](const char* name, const char* text, OnName run) {
    CLI::App* command = app.add_subcommand(name, text);
    add_client(*command, a.client);
    command->final_callback(
        [&, run] { chosen.command = [&, run] { return run(a.client, a.name); }; });
    return command;
  };
  CLI::App* list = add("offers", "list offers", offers);
  list->add_option("contract", a.name, "only of this one");
  add_object_output(*list, a.client.output);
  CLI::App* bill = add("statement", "promised against delivered, money and joules", statement);
  bill->add_option("contract", a.name)->required();
  add_document_output(*bill, a.client.output);
  CLI::App* reasons = add("why", "explain the state of an object", why);
  reasons->add_option("name", a.name, "KIND/NAME")->required();
  add_document_output(*reasons, a.client.output);
  CLI::App* accept_command = app.add_subcommand("accept", "accept an offer");
  add_client(*accept_command, a.client);
  accept_command->add_option("contract", a.accept.contract)->required();
  accept_command->add_option("--offer", a.accept.offer, "which, when there are several");
  accept_command->final_callback(
      [&] { chosen.command = [&] { return accept(a.client, a.accept); }; });
  CLI::App* release_command = app.add_subcommand("release", "end a contract");
  add_client(*release_command, a.client);
  release_command->add_option("contract", a.release.contract)->required();
  release_command->add_flag("--wait", a.release.wait, "until it is settled; prints the statement");
  add_duration(*release_command, "--timeout", a.release.timeout, "how long to wait");
  release_command->final_callback(
      [&] { chosen.command = [&] { return release(a.client, a.release); }; });
}

void add_watching(CLI::App& app, Arguments& a, Chosen& chosen) {
  CLI::App* wait_command = app.add_subcommand("wait", "wait until something holds");
  add_client(*wait_command, a.client);
  wait_command->add_option("name", a.wait.name, "KIND/NAME")->required();
  wait_command
      ->add_option("--for", a.wait.goal,
                   "condition=Ready[=Status], a field such as status.phase=Active, or delete")
      ->required();
  add_duration(*wait_command, "--timeout", a.wait.timeout, "60s by default");
  wait_command->final_callback([&] { chosen.command = [&] { return wait(a.client, a.wait); }; });
  CLI::App* logs_command = app.add_subcommand("logs", "print what instances wrote");
  add_client(*logs_command, a.client);
  logs_command->add_option("name", a.logs.name, "INSTANCE or workload/NAME")->required();
  logs_command->add_flag("-f,--follow", a.logs.follow, "go on");
  logs_command->add_flag("-p,--previous", a.logs.previous, "of the run before the last start");
  logs_command->add_flag("--timestamps", a.logs.timestamps, "with the time of each line");
  logs_command->add_option("--tail", a.logs.tail, "only the last lines")
      ->check(CLI::NonNegativeNumber);
  logs_command->final_callback([&] { chosen.command = [&] { return logs(a.client, a.logs); }; });
  CLI::App* top_command = app.add_subcommand("top", "what is used, and what is free");
  add_client(*top_command, a.client);
  add_document_output(*top_command, a.client.output);
  top_command->add_option("what", a.top.what)->check(CLI::IsMember({"nodes", "contracts"}));
  top_command->add_flag("-w,--watch", a.top.watch, "again every two seconds");
  top_command->add_flag("-A,--all-namespaces", a.top.all_namespaces, "of every namespace");
  top_command->final_callback([&] { chosen.command = [&] { return top(a.client, a.top); }; });
}

// How a management controller is let in by, and trusted.
void add_controller(CLI::App& app, RedfishTarget& o) {
  app.add_option("--user", o.user, "who logs in");
  app.add_option("--password-file", o.password_file, "file with the password; - is standard input");
  app.add_option("--ca", o.ca_file, "file with the authority, or with the certificate itself");
  app.add_option("--certificate-sha256", o.certificate_sha256,
                 "trust exactly the certificate with this hash, whatever host it names");
  app.add_flag("--insecure", o.insecure, "do not check the certificate: dangerous");
  add_duration(app, "--timeout", o.timeout, "of one answer; 30s by default");
}

void add_import(CLI::App& app, Arguments& a, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("import", "read what other tools wrote about hardware");
  command->add_option("words", a.import.words, "FORMAT FILE… [FORMAT FILE…]…; - is standard input")
      ->required();
  command->add_option("--site", a.import.site, "site that it all stands in");
  command->add_option("--name", a.import.name, "what the machine or the fabric is called");
  command->add_option("-o,--output", a.import.form, "json (for apply), yaml or dot (Graphviz)")
      ->check(CLI::IsMember({"json", "yaml", "dot"}));
  add_controller(*command, a.import.controller);
  command->footer(import_formats);
  command->final_callback([&] { chosen.command = [&] { return import_files(a.import); }; });
}

void add_facility(CLI::App& app, Arguments& a, Chosen& chosen) {
  FacilityOptions& o = a.facility;
  CLI::App* command = app.add_subcommand(
      "facility", "racks with power, cooling, space and GPUs; what is stranded; what-ifs");
  command->add_option("--kubeconfig", a.client.kubeconfig, "how to reach the control plane");
  command->add_option("--context", a.client.context, "context of the kubeconfig");
  add_files(*command, o.files);
  command->get_option("--filename")->description("objects, instead of those of a control plane");
  command->add_option("--site", o.site, "only this site");
  command->add_option("--rack", o.rack, "only this rack, with its machines");
  command
      ->add_option("--basis", o.basis,
                   "now: what machines draw; most: what they may draw (what-ifs by default)")
      ->check(CLI::IsMember({"now", "most"}));
  auto* what_if = command->add_option("--what-if", o.what_if, "objects as if they were applied")
                      ->allow_extra_args(false)
                      ->option_text("FILE");
  auto* move = command->add_option("--move-rack", o.move_rack, "as if this rack stood elsewhere")
                   ->excludes(what_if);
  auto* to =
      command->add_option("--to", o.to, "row=C,position=7,feeds=A+B,site=,room=,cooling-unit=")
          ->needs(move);
  move->needs(to);
  command
      ->add_option("--place-rack", o.place_rack,
                   "where one more rack could go: power=40kW,units=42,cooling=liquid,weight=1200")
      ->excludes(what_if)
      ->excludes(move);
  command
      ->add_option_function<std::string>(
          "-o,--output",
          [&o](const std::string& form) {
            o.is_plan = form == "svg";
            o.output = form == "json"   ? Output::json
                       : form == "yaml" ? Output::yaml
                       : form == "wide" ? Output::wide
                                        : Output::table;
          },
          "json, yaml, wide or svg (a floor plan)")
      ->check(CLI::IsMember({"json", "yaml", "wide", "svg"}))
      ->option_text("FORM");
  command->final_callback([&] { chosen.command = [&] { return facility(a.client, o); }; });
  CLI::App* models = app.add_subcommand("catalogue", "models that come with the program");
  models->add_option("name", a.name, "only this one, with all facts and sources");
  add_output(*models, a.client.output);
  models->final_callback(
      [&] { chosen.command = [&] { return catalogue(a.name, a.client.output); }; });
}

void add_topology(CLI::App& app, Arguments& a, Chosen& chosen) {
  static const std::map<std::string, TopologyForm> forms{{"wide", TopologyForm::wide},
                                                         {"json", TopologyForm::json},
                                                         {"yaml", TopologyForm::yaml},
                                                         {"dot", TopologyForm::dot},
                                                         {"svg", TopologyForm::svg}};
  CLI::App* command = app.add_subcommand(
      "topology", "how a machine's devices, a fabric's switches or two machines hang together");
  command->add_option("names", a.topology.names, "node/NAME, fabric/NAME, or two nodes")
      ->required();
  add_files(*command, a.topology.files);
  command->add_option("--kubeconfig", a.client.kubeconfig, "how to reach the control plane");
  command->add_option("--context", a.client.context, "context of the kubeconfig");
  command->add_option("-o,--output", a.topology.form, "wide, json, yaml, dot or svg")
      ->transform(CLI::CheckedTransformer(forms, CLI::ignore_case))
      ->option_text("FORM");
  command->final_callback([&] { chosen.command = [&] { return topology(a.client, a.topology); }; });
}

void add_generate(CLI::App& app, Arguments& a, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("generate", "print a fleet that does not exist, to try things with");
  command->add_option("--mix", a.generate.mix, "nodes by model, such as h100=10,cpu=5")->required();
  command->add_option("--sites", a.generate.sites, "data centres to spread them over")
      ->check(CLI::Range(int64_t{1}, fleet::most_generated_sites))
      ->capture_default_str();
  command->add_option("--seed", a.generate.seed, "the same seed gives the same fleet")
      ->capture_default_str();
  add_document_output(*command, a.client.output);
  command->final_callback([&] {
    a.generate.output = a.client.output == Output::json ? Output::json : Output::yaml;
    chosen.command = [&] { return generate(a.generate); };
  });
}

void add_redfish(CLI::App& app, Arguments& a, Chosen& chosen) {
  RedfishOptions& o = a.redfish;
  CLI::App* redfish =
      app.add_subcommand("redfish", "look at a management controller, or command it")
          ->require_subcommand(1);
  const auto add = [&](const char* name, const char* text, int (*run)(const RedfishOptions&)) {
    CLI::App* command = redfish->add_subcommand(name, text);
    command->add_option("target", o.target.target, "https://HOST, or a folder of its documents")
        ->required();
    add_controller(*command, o.target);
    add_document_output(*command, o.output);
    command->final_callback([&, run] { chosen.command = [&, run] { return run(o); }; });
    return command;
  };
  const auto on_system = [&](CLI::App* command) {
    command->add_option("--system", o.system, "which, when there are several");
    return command;
  };
  const auto on_power = [&](CLI::App* command) {
    add_duration(*on_system(command), "--settle", o.settle, "how long to wait; 120s by default");
    return command;
  };
  add("show", "what is there", redfish_show);
  add("power", "supplies, limits, circuits, temperatures", redfish_power);
  CLI::App* limit = add("limit", "show power limits, or set one", redfish_limit);
  limit->add_option("watts", o.watts, "new limit; none shows them");
  limit->add_option("--of", o.of, "of what, when there are several limits");
  on_power(add("on", "switch a system on", redfish_on));
  on_power(add("off", "shut a system down", redfish_off))
      ->add_flag("--force", o.force, "cut the power instead");
  CLI::App* reset = on_power(add("reset", "restart a system", redfish_reset));
  auto* force = reset->add_flag("--force", o.force, "without asking its operating system");
  reset->add_option("--type", o.type, "any ResetType that it takes, such as Nmi")->excludes(force);
  CLI::App* boot = on_system(add("boot", "show or choose what a system boots", redfish_boot));
  boot->add_option("boot-target", o.boot_target, "Pxe, Hdd … for the next boot");
  boot->add_option("--enabled", o.boot_enabled, "Once, Continuous or Disabled");
  boot->add_option("--order", o.boot_order, "boot options that come first")->delimiter(',');
}

void add_others(CLI::App& app, const Program& program, Arguments& a, Chosen& chosen) {
  CLI::App* token_command = app.add_subcommand("token", "make a token with which a machine joins");
  add_client(*token_command, a.client);
  add_document_output(*token_command, a.client.output);
  token_command->add_option("--node", a.token.node, "only for this node");
  token_command
      ->add_option("--site", a.token.site, "the node stands there, whatever its agent says")
      ->check(site_fault);
  token_command->add_option("--ttl", a.token.ttl, "how long it holds; 1h by default");
  token_command->final_callback([&] { chosen.command = [&] { return token(a.client, a.token); }; });
  CLI::App* kubeconfig_command = app.add_subcommand(
      "kubeconfig", "print a kubeconfig for a user, on the control plane's machine");
  kubeconfig_command->add_option("user", a.kubeconfig.user, "as RoleBindings name it")->required();
  kubeconfig_command->add_option("--group", a.kubeconfig.groups, "may be repeated")
      ->allow_extra_args(false);
  kubeconfig_command->add_option("--data-dir", a.kubeconfig.data_dir, "of the control plane");
  add_duration(*kubeconfig_command, "--ttl", a.kubeconfig.life,
               "how long it holds; 2160h by default");
  kubeconfig_command->final_callback([&] {
    if (a.kubeconfig.data_dir.empty()) a.kubeconfig.data_dir = default_data_dir();
    chosen.command = [&] { return kubeconfig(a.kubeconfig); };
  });
  CLI::App* discover_command = app.add_subcommand("discover", "draw this machine's hardware");
  discover_command->add_option("--root", a.root, "where the machine's files are")
      ->capture_default_str();
  add_document_output(*discover_command, a.client.output);
  discover_command->final_callback(
      [&] { chosen.command = [&] { return discover(a.root, a.client.output); }; });
  add_generate(app, a, chosen);
  CLI::App* audit = app.add_subcommand("audit", "the record")->require_subcommand(1);
  CLI::App* verify = audit->add_subcommand("verify", "check every leaf and object of a store");
  verify->add_option("--data-dir", a.data_dir, "of the control plane");
  verify->final_callback([&] {
    chosen.command = [&] {
      return audit_verify(a.data_dir.empty() ? default_data_dir() : a.data_dir);
    };
  });
  CLI::App* docs_command = app.add_subcommand("docs", "write the reference of all kinds");
  auto* check =
      docs_command->add_option("--check", a.docs_check, "compare with a directory")->expected(0, 1);
  auto* write = docs_command->add_option("--write", a.docs_write, "write into a directory")
                    ->expected(0, 1)
                    ->excludes(check);
  docs_command->final_callback([&, write] {
    a.docs.write = write->count() > 0;
    const std::string& named = a.docs.write ? a.docs_write : a.docs_check;
    if (!named.empty()) a.docs.directory = named;
    chosen.command = [&] { return docs(a.docs); };
  });
  CLI::App* version = app.add_subcommand("version", "print the version");
  add_document_output(*version, a.client.output);
  version->final_callback([&] {
    chosen.command = [&] {
      json::Object document_of;
      document_of["version"] = program.version;
      const bool is_document = a.client.output == Output::json || a.client.output == Output::yaml;
      put(is_document ? document(json::Value(std::move(document_of)), a.client.output)
                      : "freehold " + program.version + "\n");
      return static_cast<int>(done);
    };
  });
}

}  // namespace

int run(const Program& program, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: a peer that leaves is no reason to die; see put()
  CLI::App app("Freehold: a control plane for AI infrastructure", "freehold");
  app.require_subcommand(1);
  app.set_version_flag("--version", "freehold " + program.version);
  Arguments arguments;
  arguments.serve.data_dir = default_data_dir();
  arguments.agent.data_dir = default_data_dir() + "/agent";
  Chosen chosen;
  add_servers(app, program, arguments, chosen);
  add_objects(app, arguments, chosen);
  add_on_files(app, arguments, chosen);
  add_contracts(app, arguments, chosen);
  add_watching(app, arguments, chosen);
  add_import(app, arguments, chosen);
  add_facility(app, arguments, chosen);
  add_topology(app, arguments, chosen);
  add_redfish(app, arguments, chosen);
  add_others(app, program, arguments, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream asked_for;
      app.exit(error, asked_for, asked_for);
      put(asked_for.str());
      return done;
    }
    const bool is_unknown = app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-';
    put("freehold: " +
            (is_unknown ? "there is no command \"" + printable(argv[1]) + "\""
                        : std::string(error.what())) +
            "; see freehold --help\n",
        stderr);
    return usage;
  }
  return chosen.command ? chosen.command() : static_cast<int>(usage);
}

}  // namespace freehold::cli
