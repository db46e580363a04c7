#include "cli/progress.h"

#include <array>

#include "api/contract.h"
#include "api/workload.h"
#include "base/strings.h"

namespace freehold::cli {

namespace {

constexpr Duration frame = milliseconds(120);
constexpr std::array<std::string_view, 10> frames{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};

// One line on stderr that is written over; nothing where no person looks.
class Spinner {
 public:
  Spinner(Loop& loop, std::string what)
      : loop_(loop), what_(std::move(what)), began_(loop.uptime()), terminal_(terminal(stderr)) {
    if (terminal_.is_terminal) turn();
  }
  ~Spinner() {
    if (terminal_.is_terminal) put("\r\033[K", stderr);
  }
  void say(std::string state) { state_ = std::move(state); }

 private:
  void turn() {
    std::string line = std::string(frames[at_++ % frames.size()]) + " " + what_;
    if (!state_.empty()) line += ": " + printable(state_);
    while (display_width(line) + 8 > static_cast<size_t>(terminal_.width)) {
      line.pop_back();
      while (!is_utf8(line)) line.pop_back();
    }
    put("\r\033[K" + line + " " + format_age(loop_.uptime() - began_), stderr);
    timer_ = loop_.timer(frame, [this] { turn(); });
  }
  Loop& loop_;
  std::string what_, state_;
  Duration began_;
  Terminal terminal_;
  size_t at_ = 0;
  Timer timer_;
};

// Whether asking again could get another answer.
bool is_final(Reason reason) {
  return reason == Reason::unauthorized || reason == Reason::forbidden ||
         reason == Reason::bad_request;
}

Error not_within(const std::string& what, Duration limit, const client::Reflector& reflector,
                 const std::string& last) {
  Error error{Reason::timeout, what + ": not within " + format_duration(limit)};
  if (reflector.synced()) {
    error.message += "; last: " + last;
  } else if (reflector.error() == nullptr) {
    error.message += "; the server did not answer";
  } else {
    error.reason = reflector.error()->reason;
    error.message += "; the server was not reached: " + reflector.error()->message;
  }
  return error;
}

}  // namespace

Result<Goal> parse_goal(std::string_view text) {
  if (text == "delete") return Goal{};
  if (text.starts_with("condition=")) {
    const std::string_view rest = text.substr(10);
    const size_t equals = rest.find('=');
    Goal goal{Goal::Form::condition, std::string(rest.substr(0, equals)), "True"};
    if (equals != std::string_view::npos) goal.value = rest.substr(equals + 1);
    if (!goal.name.empty() && !goal.value.empty()) return goal;
  } else {
    if (text.starts_with("jsonpath=")) text.remove_prefix(9);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      std::string_view path = text.substr(0, equals);
      if (path.starts_with('{') && path.ends_with('}')) path = path.substr(1, path.size() - 2);
      if (path.starts_with('.')) path.remove_prefix(1);
      if (!path.empty())
        return Goal{Goal::Form::field, std::string(path), std::string(text.substr(equals + 1))};
    }
  }
  return Error{Reason::bad_request,
               "--for: use condition=Ready, condition=Ready=False, status.phase=Active or delete"};
}

bool reached(const Goal& goal, const api::Object& object) {
  if (goal.form == Goal::Form::removed) return false;
  if (goal.form == Goal::Form::field)
    return to_lower(schema::text_at(*object.kind().type, object.data(), goal.name)) ==
           to_lower(goal.value);
  const json::Value whole = api::to_json(object);
  const json::Value* all = whole.at({"status", "conditions"});
  if (all == nullptr || all->as_array() == nullptr) return false;
  for (const json::Value& c : *all->as_array())
    if (to_lower(c.string_at({"type"})) == to_lower(goal.name))
      return to_lower(c.string_at({"status"})) == to_lower(goal.value);
  return false;
}

std::string state_of(const api::Object& object) {
  if (object.meta().deletion_timestamp.is_set() && !object.meta().finalizers.empty())
    return "waits for " + join(object.meta().finalizers, ", ");
  const json::Value whole = api::to_json(object);
  std::string out(whole.string_at({"status", "phase"}));
  if (const auto* contract = object.as<api::Contract>();
      contract && !contract->status.refusal.message.empty())
    return out + ": " + contract->status.refusal.message;
  if (const auto m = whole.string_at({"status", "message"}); !m.empty())
    return out + ": " + std::string(m);
  const json::Value* all = whole.at({"status", "conditions"});
  if (all == nullptr || all->as_array() == nullptr) return out;
  for (const json::Value& c : *all->as_array())
    if (c.string_at({"status"}) == "False" && !c.string_at({"message"}).empty())
      return out + (out.empty() ? "" : ": ") + std::string(c.string_at({"message"}));
  return out;
}

Result<void> wait_until(Session& session, const client::Target& target, Duration limit,
                        const std::function<Result<bool>(const api::Object* now)>& judge) {
  Spinner spinner(session.loop(), "waiting for " + title(*target.kind, target.name));
  client::Target collection = target;
  collection.name.clear();
  std::unique_ptr<client::Reflector> reflector;
  std::string last = "it was not seen yet";
  Timer timer;
  bool over = false;
  return session.await<void>([&](auto done) {
    const auto end = [&, done](Result<void> r) {
      if (!std::exchange(over, true)) done(std::move(r));
    };
    const auto look = [&, end] {
      if (over || !reflector) return;
      if (const Error* e = reflector->error(); e != nullptr && is_final(e->reason)) return end(*e);
      if (!reflector->synced()) return;
      const auto& items = reflector->items();
      const api::Object* now = items.empty() ? nullptr : &items.begin()->second;
      if (now != nullptr) {
        last = state_of(*now);
        spinner.say(last);
        if (last.empty()) last = "it is there";
      }
      const auto verdict = judge(now);
      if (!verdict)
        end(verdict.error());
      else if (*verdict)
        end({});
    };
    timer = session.loop().timer(limit, [&, end] {
      end(not_within(title(*target.kind, target.name), limit, *reflector, last));
    });
    reflector = std::make_unique<client::Reflector>(
        session.loop(), session.remote(), collection,
        client::ListOptions{"", "metadata.name=" + target.name}, look);
  });
}

Result<void> wait_removed(Session& session, const client::Target& target, const std::string& uid,
                          Duration limit) {
  return wait_until(session, target, limit, [&](const api::Object* now) -> Result<bool> {
    return now == nullptr || (!uid.empty() && now->meta().uid != uid);
  });
}

}  // namespace freehold::cli
