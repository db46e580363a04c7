// wait and logs: what follows something as it happens.
#include <map>

#include "api/instance_name.h"
#include "api/workload.h"
#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/log_lines.h"
#include "cli/progress.h"

namespace freehold::cli {

namespace {

// The logs of several instances, line by line.
class LogReaders {
 public:
  LogReaders(Session& session, const LogOptions& options)
      : session_(session), options_(options), terminal_(terminal(stdout)) {}

  Result<void> read(const std::vector<std::string>& instances) {
    open_ = instances.size();
    return session_.await<void>([&](auto done) {
      done_ = std::move(done);
      for (const std::string& instance : instances) start(instance, instances.size() > 1);
    });
  }

 private:
  struct Reader {
    std::string rest, refusal;
    int status = 0;  // until the head has come
    std::unique_ptr<http::Call> call;
  };

  void start(const std::string& instance, bool prefixed) {
    Reader& reader = readers_[instance];
    http::Request request;
    request.path =
        client::path_of(session_.target(api::kind_of<api::Instance>(), instance)) + "/log";
    if (options_.tail >= 0) request.query.emplace_back("tail", std::to_string(options_.tail));
    if (options_.follow) request.query.emplace_back("follow", "true");
    if (options_.timestamps) request.query.emplace_back("timestamps", "true");
    if (options_.previous) request.query.emplace_back("previous", "true");
    const std::string prefix = prefixed ? paint(instance, Colour::dim, terminal_) + " " : "";
    http::StreamEvents events;
    events.on_head = [&reader](const http::Response& head) { reader.status = head.status; };
    events.on_data = [this, &reader, prefix](std::string_view chunk) {
      if (reader.status >= 400) {
        reader.refusal += chunk;
        return;
      }
      reader.rest += chunk;
      for (size_t end = 0; (end = reader.rest.find('\n')) != std::string::npos;) {
        print(prefix, reader.rest.substr(0, end));
        reader.rest.erase(0, end + 1);
      }
    };
    events.on_end = [this, &reader, prefix, instance](Result<void> end) {
      if (!reader.rest.empty()) print(prefix, reader.rest);
      if (reader.status >= 400) {
        end = client::error_of({reader.status, {}, http::bytes(reader.refusal)});
      } else if (!end && reader.status > 0) {
        end = Error{end.error().reason,
                    "the log of " + instance + " broke off: " + end.error().message};
      }
      if (!end && result_) result_ = std::move(end);
      if (--open_ == 0) done_(std::move(result_));
    };
    reader.call = session_.transport().stream(std::move(request), std::move(events));
  }

  void print(const std::string& prefix, std::string_view line) const {
    const LogLine l = parse_log_line(line);
    std::string out = prefix;
    if (options_.timestamps && !l.time.empty()) out += std::string(l.time) + " ";
    // A file gets the bytes as they are; a terminal nothing that could steer it.
    const std::string text = terminal_.is_terminal ? printable(l.text) : std::string(l.text);
    out += l.is_error ? paint(text, Colour::dim, terminal_) : text;
    put(out + (l.whole ? "\n" : ""));
  }

  Session& session_;
  const LogOptions& options_;
  Terminal terminal_;
  size_t open_ = 0;
  Result<void> result_;
  std::function<void(Result<void>)> done_;
  std::map<std::string, Reader> readers_;
};

// Of a workload whose contract has ended: agents keep their logs for a while.
Result<std::vector<std::string>> former_instances(Session& session, const std::string& name,
                                                  const api::Workload& workload) {
  const std::string contract = workload.spec.contract.empty() ? name : workload.spec.contract;
  const auto of = session.get(session.target(api::kind_of<api::Contract>(), contract));
  std::vector<std::string> names;
  if (!of && of.error().reason == Reason::not_found) return names;
  if (!of) return of.error();
  const api::ContractStatus& status = of->as<api::Contract>()->status;
  if (status.phase != api::ContractPhase::settled || status.workload != name) return names;
  const std::vector<api::Object> allocations =
      TRY(session.list(session.target(api::kind_of<api::Allocation>())));
  for (const api::Object& o : allocations) {
    const api::AllocationSpec& spec = o.as<api::Allocation>()->spec;
    if (spec.contract != contract || spec.offer != status.offer) continue;
    for (const api::AllocatedMember& member : spec.members)
      names.push_back(api::instance_name(spec.offer, member));
  }
  return names;
}

// The instances that a workload has, or had.
Result<std::vector<std::string>> instances_of(Session& session, const std::string& name) {
  const api::Object there = TRY(session.get(session.target(api::kind_of<api::Workload>(), name)));
  const std::vector<api::Object> all =
      TRY(session.list(session.target(api::kind_of<api::Instance>())));
  std::vector<std::string> names;
  for (const api::Object& o : all)
    if (o.as<api::Instance>()->spec.workload == name) names.push_back(o.meta().name);
  if (names.empty()) names = TRY(former_instances(session, name, *there.as<api::Workload>()));
  if (!names.empty()) return names;
  return Error{Reason::not_found, "workload \"" + name + "\" has no instances; see freehold why " +
                                      "workload/" + name};
}

}  // namespace

int wait(const ClientOptions& client, const WaitOptions& options) {
  const auto named = parse_name(options.name);
  if (!named) return complain_usage(named.error());
  const auto goal = parse_goal(options.goal);
  if (!goal) return complain_usage(goal.error());
  if (goal->form == Goal::Form::field &&
      schema::field_at(*named->kind->type, goal->name) == nullptr)
    return complain_usage({Reason::bad_request, "kind " + std::string(named->kind->name) +
                                                    " has no field \"" + goal->name + "\""});
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto target = (*session)->target(*named->kind, named->name);
  const Error absent{Reason::not_found, title(*named->kind, named->name) + " not found"};
  // What is not there yet, such as a machine that is just joining, is waited for, too.
  bool is_known = false, is_seen = false;
  const auto end =
      wait_until(**session, target, options.timeout, [&](const api::Object* now) -> Result<bool> {
        is_known = true;
        if (now == nullptr && goal->form == Goal::Form::removed) return true;
        if (now == nullptr && is_seen) return absent;
        if (now == nullptr) return false;
        is_seen = true;
        return reached(*goal, *now);
      });
  if (!end && end.error().reason == Reason::timeout && is_known && !is_seen)
    return complain(absent);
  if (!end) return complain(end.error());
  put(title(*named->kind, named->name) +
      (goal->form == Goal::Form::removed ? " is gone\n" : " condition met\n"));
  return done;
}

int logs(const ClientOptions& client, const LogOptions& options) {
  std::string name = options.name;
  bool workload = false;
  if (name.find('/') != std::string::npos) {
    const auto named = parse_name(name);
    if (!named) return complain_usage(named.error());
    workload = named->kind == &api::kind_of<api::Workload>();
    if (!workload && named->kind != &api::kind_of<api::Instance>())
      return complain_usage({Reason::bad_request, "only instances and workloads have logs"});
    name = named->name;
  }
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  std::vector<std::string> instances{name};
  if (workload) {
    auto all = instances_of(**session, name);
    if (!all) return complain(all.error());
    instances = *std::move(all);
  }
  LogReaders readers(**session, options);
  const auto end = readers.read(instances);
  return end ? static_cast<int>(done) : complain(end.error());
}

}  // namespace freehold::cli
