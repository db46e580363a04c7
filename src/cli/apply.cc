// apply, plan and delete: sets of objects, whole or not at all.
#include <algorithm>
#include <optional>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/maker.h"
#include "cli/offer_text.h"
#include "cli/progress.h"

namespace freehold::cli {

namespace {

constexpr std::string_view base_path = "/apis/freehold.dev/v1alpha1/";

std::string_view done_word(std::string_view action) {
  if (action == "create") return "created";
  if (action == "update") return "configured";
  return "unchanged";
}

std::string title_of(const json::Value& result) {
  const auto kind = find_kind(result.string_at({"kind"}));
  return kind ? title(**kind, result.string_at({"name"}))
              : std::string(result.string_at({"kind"})) + "/" +
                    std::string(result.string_at({"name"}));
}

void print_plan(const json::Value& result, const Terminal& t) {
  const auto action = result.string_at({"action"});
  const bool create = action == "create", update = action == "update";
  const std::string head = std::string(create ? "+ " : update ? "~ " : "= ") + title_of(result);
  put(paint(head, create ? Colour::good : update ? Colour::busy : Colour::dim, t) + "\n");
  const json::Value* differences = result.at({"differences"});
  if (differences != nullptr && differences->as_array() != nullptr)
    for (const json::Value& d : *differences->as_array()) {
      const auto before = d.string_at({"before"}), after = d.string_at({"after"});
      std::string line = "    " + std::string(d.string_at({"path"})) + ": ";
      if (!create && !before.empty()) line += std::string(before) + " → ";
      line += after.empty() ? "(removed)" : std::string(after);
      put(printable(line) + "\n");
    }
  if (const json::Value* prediction = result.at({"prediction"}))
    put(prediction_text(*prediction, "    ", t));
}

Result<json::Value> send_set(Session& session, json::Array objects, std::string_view what,
                             http::Query query = {}) {
  return session.post(std::string(base_path) + std::string(what), set_of(std::move(objects)),
                      std::move(query));
}

// What decides about objects that are not stored has to see all of them at once.
Result<json::Value> send_whole(Session& session, const FileOptions& options, std::string_view what,
                               http::Query query) {
  auto documents = TRY(read_documents(options.files, session.ns()));
  json::Array whole = TRY(one_set(std::move(documents), "a plan or a dry run"));
  return send_set(session, std::move(whole), what, std::move(query));
}

// What landed, and why the rest did not, if so.
struct Applied {
  json::Value answer;  // of all sets, as if they had been one
  std::optional<Error> error;
};
Applied send_sets(Session& session, std::vector<json::Array> sets) {
  const size_t count = sets.size();
  if (count > 1)
    put("freehold: this is more than one set holds (3 MiB): applied as " + std::to_string(count) +
            " sets, each whole or not at all\n",
        stderr);
  Applied applied;
  json::Array results;
  for (size_t i = 0; i < count && !applied.error; ++i) {
    auto answer = send_set(session, std::move(sets[i]), "changes");
    if (!answer) {
      applied.error = std::move(answer).error();
      if (count > 1)
        applied.error->message =
            "set " + std::to_string(i + 1) + " of " + std::to_string(count) + " failed; " +
            (i > 0 ? "those before it are applied: " : "nothing is applied: ") +
            applied.error->message;
      break;
    }
    for (json::Value& result : results_of(*answer)) results.push_back(std::move(result));
    applied.answer = std::move(*answer);
  }
  if (count > 1 && !results.empty())
    (*(*applied.answer.as_object())["status"].as_object())["objects"] = std::move(results);
  return applied;
}

Applied send_changes(Session& session, const FileOptions& options) {
  if (options.dry_run) {
    auto answer = send_whole(session, options, "changes", {{"dryRun", "All"}});
    return answer ? Applied{std::move(*answer), {}} : Applied{{}, std::move(answer).error()};
  }
  auto documents = read_documents(options.files, session.ns());
  if (!documents) return {{}, std::move(documents).error()};
  return send_sets(session, sets_of(std::move(*documents)));
}

// A line about an object that was deleted, and that its owner makes again; empty: nobody does.
std::string what_comes_back(Session& session, const client::Target& target,
                            const api::ObjectMeta& meta,
                            const std::vector<client::Target>& deleted) {
  const api::OwnerReference* maker = maker_of(meta);
  if (maker == nullptr) return {};
  const auto found = session.get(target_of(*maker, meta.ns));
  if (!found || !is_living(*maker, found->meta(), deleted)) return {};
  return note_of(*maker, target);
}

int remove_all(Session& session, const std::vector<client::Target>& targets,
               const DeleteOptions& options) {
  int code = done;
  std::string notes;
  std::vector<std::pair<client::Target, std::string>> going;
  for (const client::Target& target : targets) {
    const auto before = session.get(target);
    const auto removed = before ? session.remove(target) : Result<void>(before.error());
    if (!removed) {
      const bool gone = removed.error().reason == Reason::not_found;
      if (!gone || !options.ignore_absent) code = complain(removed.error());
      continue;
    }
    going.emplace_back(target, before->meta().uid);
    notes += what_comes_back(session, target, before->meta(), targets);
  }
  put(notes, stderr);
  for (const auto& [target, uid] : going) {
    if (!options.wait) {
      put(title(*target.kind, target.name) + " is being deleted\n");
      continue;
    }
    const auto gone = wait_removed(session, target, uid, options.timeout);
    if (gone)
      put(title(*target.kind, target.name) + " deleted\n");
    else
      code = complain(gone.error());
  }
  return code;
}

}  // namespace

int apply(const ClientOptions& client, const FileOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const Applied applied = send_changes(**session, options);
  const auto end = [&] { return applied.error ? complain(*applied.error) : int{done}; };
  if (client.output == Output::json || client.output == Output::yaml) {
    if (!applied.answer.is_null()) put(document(applied.answer, client.output));
    return end();
  }
  const Terminal t = terminal(stdout);
  for (const json::Value& result : results_of(applied.answer)) {
    if (client.output == Output::name) {
      put(title_of(result) + "\n");
      continue;
    }
    const std::string_view word = done_word(result.string_at({"action"}));
    put(title_of(result) + " " + paint(word, colour_of(word), t) +
        (options.dry_run ? " (dry run)" : "") + "\n");
  }
  return end();
}

int plan(const ClientOptions& client, const FileOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto answer = send_whole(**session, options, "plans", {});
  if (!answer) return complain(answer.error());
  if (client.output == Output::json || client.output == Output::yaml) {
    put(document(*answer, client.output));
    return done;
  }
  const Terminal t = terminal(stdout);
  size_t create = 0, update = 0, same = 0;
  for (const json::Value& result : results_of(*answer)) {
    const auto action = result.string_at({"action"});
    (action == "create" ? create : action == "update" ? update : same)++;
    print_plan(result, t);
  }
  put(std::to_string(create) + " to create, " + std::to_string(update) + " to change, " +
      std::to_string(same) + " unchanged\n");
  return done;
}

int delete_objects(const ClientOptions& client, const DeleteOptions& options) {
  if (options.names.empty() == options.files.empty())
    return complain_usage({Reason::bad_request, "name objects, or give files with -f"});
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  std::vector<client::Target> targets;
  if (!options.names.empty()) {
    const auto names = parse_names(options.names);
    if (!names) return complain_usage(names.error());
    for (const Named& n : *names) {
      if (n.name.empty())
        return complain_usage({Reason::bad_request, "name the objects to delete"});
      targets.push_back((*session)->target(*n.kind, n.name));
    }
  } else {
    auto documents = read_documents(options.files, (*session)->ns());
    if (!documents) return complain(documents.error());
    // What refers to others goes first.
    std::reverse(documents->begin(), documents->end());
    for (const Document& d : *documents) {
      if (d.name.empty())
        return complain({Reason::bad_request, "a document of kind " + std::string(d.kind->name) +
                                                  " has no metadata.name; nothing was deleted"});
      targets.push_back({d.kind, d.ns, d.name});
    }
  }
  return remove_all(**session, targets, options);
}

}  // namespace freehold::cli
