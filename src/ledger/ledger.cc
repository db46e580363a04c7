#include "ledger/ledger.h"

#include <algorithm>

#include "api/core.h"
#include "api/registry.h"
#include "api/tenancy.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/strings.h"
#include "fleet/objects.h"
#include "json/value.h"
#include "ledger/uid.h"

namespace freehold::ledger {

namespace {

constexpr std::string_view identity_key = "/_freehold/identity";
constexpr std::string_view principal_prefix = "/_freehold/principals/";
constexpr std::string_view operator_log = "operator";
constexpr std::string_view tenant_label = "freehold.dev/tenant";
constexpr std::string_view salt_annotation = "freehold.dev/salt";
constexpr size_t salt_bytes = 16;

Error not_found(const api::Kind& kind, std::string_view name) {
  return {Reason::not_found, kind.resource() + " \"" + std::string(name) + "\" not found"};
}

Error conflict(const api::Kind& kind, std::string_view name) {
  return {Reason::conflict, "Operation cannot be fulfilled on " + kind.resource() + " \"" +
                                std::string(name) +
                                "\": the object has been modified; please apply your changes to "
                                "the latest version and try again"};
}

bool same_field(const api::Kind& kind, const void* a, const void* b, std::string_view name) {
  for (const schema::FieldInfo& f : kind.type->fields)
    if (f.name == name) return schema::equal(*f.type, f.at(a), f.at(b));
  return true;
}

// A tenant's log is named after it, and what is the operator's own would lie in one with it.
Result<void> check_log_name(const api::Object& object) {
  const api::ObjectMeta& meta = object.meta();
  const auto label = meta.labels.find(tenant_label);
  const bool names_it = label != meta.labels.end() && label->second == operator_log;
  const bool is_it = object.as<api::Tenant>() != nullptr && meta.name == operator_log;
  if (!is_it && !(names_it && object.as<api::Namespace>() != nullptr)) return {};
  const std::string field = is_it ? "metadata.name" : "metadata.labels";
  const std::string what = field + ": no tenant may be named \"" + std::string(operator_log) +
                           "\": so is the log of what is the operator's own";
  return Error{Reason::invalid, what, {{"FieldValueForbidden", field, what}}};
}

bool has_field(const api::Kind& kind, std::string_view name) {
  return std::any_of(kind.type->fields.begin(), kind.type->fields.end(),
                     [&](const schema::FieldInfo& f) { return f.name == name; });
}

json::Value identity_document(const Identity& identity) {
  json::Object document;
  document["organization"] = identity.organization;
  document["site"] = identity.site;
  document["uid"] = identity.uid;
  document["principalKey"] = identity.principal_key;
  return document;
}

bool concerns_fleet(const api::Kind& kind) {
  return fleet::is_fleet_kind(kind) || &kind == &api::kind_of<api::Offer>() ||
         &kind == &api::kind_of<api::Allocation>();
}

// The record shows a digest of all that is stored, and all but its values can be known of a Secret:
// whoever reads the record could try values until the digest fits. What is hashed with them cannot
// be guessed. New at every change, so that who could once read the Secret learns no later value.
void salt(Runtime& runtime, api::Object& object) {
  if (object.as<api::Secret>() == nullptr) return;
  object.meta().annotations[std::string(salt_annotation)] = runtime.random_token(salt_bytes);
}

// Clients need not send it back.
void keep_salt(const api::Object& before, api::Object& object) {
  if (object.as<api::Secret>() == nullptr) return;
  const auto& had = before.meta().annotations;
  auto& has = object.meta().annotations;
  if (const auto it = had.find(salt_annotation); it != had.end())
    has[std::string(salt_annotation)] = it->second;
  else
    has.erase(std::string(salt_annotation));
}

std::string offer_key(const api::Allocation& allocation) {
  return api::kind_of<api::Offer>().key(allocation.metadata.ns, allocation.spec.offer);
}

}  // namespace

// One op after its conditions were checked.
struct Ledger::Prepared {
  OpType type = OpType::update;
  bool unchanged = false;  // writes nothing
  std::string key;
  RecordPtr before;    // null on create
  api::Object object;  // what will be stored; on remove: what was
  RecordPtr after;     // filled when stamped; null on remove
};

Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(Runtime& runtime, store::Store& store,
                                             Identity fresh) {
  std::unique_ptr<Ledger> ledger(new Ledger(runtime, store));
  TRY(ledger->load(std::move(fresh)));
  return ledger;
}

Result<void> Ledger::load(Identity fresh) {
  const store::Page page = TRY(store_.list({.prefix = "/"}));
  for (const store::Entry& entry : page.entries) {
    const api::KeyParts parts = api::parse_key(entry.key);
    if (parts.kind == nullptr) continue;
    auto object = api::decode(*parts.kind, *entry.value);
    if (!object) return std::move(object.error()).within("stored object " + entry.key);
    view_.put(entry.key, std::make_shared<const Record>(Record{
                             std::move(object).value(), entry.value, entry.rev, entry.created}));
  }
  view_.set_rev(page.rev);
  TRY(load_logs());
  rebuild_fleet();
  watch_ = TRY(store_.watch(page.rev, [this](const store::CommitPtr& c) { applied(c); }));
  store_.on_rollback([this] { rolled_back(); });
  load_principals();
  if (const auto stored = store_.get(identity_key)) {
    const json::Value document = TRY(json::parse(*stored->value));
    identity_ = {std::string(document.string_at({"organization"})),
                 std::string(document.string_at({"site"})),
                 std::string(document.string_at({"uid"})),
                 std::string(document.string_at({"principalKey"}))};
    return {};
  }
  identity_ = std::move(fresh);
  if (identity_.uid.empty()) identity_.uid = make_uid(runtime_);
  if (identity_.principal_key.empty()) identity_.principal_key = runtime_.random_token(32);
  keep_identity();
  return {};
}

void Ledger::load_principals() {
  principals_.clear();
  const auto page = store_.list({.prefix = std::string(principal_prefix)});
  if (BUG_IF(!page, "the present cannot be listed")) return;
  for (const store::Entry& entry : page->entries)
    principals_.insert(entry.key.substr(principal_prefix.size()));
}

void Ledger::keep_identity() {
  if (store_.sequenced_get(identity_key)) return;
  store::Transaction transaction;
  transaction.first = store_.sequenced_head() + 1;
  transaction.time = runtime_.now();
  transaction.conditions.push_back({std::string(identity_key), 0});
  transaction.writes.push_back(
      {std::string(identity_key),
       std::make_shared<const std::string>(json::print(identity_document(identity_)))});
  store_.commit(std::move(transaction), [](const Result<store::CommitPtr>& r) {
    if (!r) log(LogLevel::error, "ledger", "identity not stored", {{"error", r.error().message}});
  });
}

// Rebuilds the trees' right edges from the leaves themselves, so that what is appended next
// continues what is there.
Result<void> Ledger::load_logs() {
  frontiers_.clear();
  for (const std::string& origin : store_.logs()) {
    audit::Frontier& frontier = frontiers_[origin];
    for (uint64_t at = 0, size = store_.log_size(origin); at < size;) {
      const auto leaves = TRY(store_.read_log(origin, at, 4096));
      if (leaves.empty())
        return Error{Reason::internal, "log " + origin + " is shorter than its size"};
      for (const store::Leaf& leaf : leaves) frontier.append(audit::leaf_hash(*leaf.data));
      at += leaves.size();
    }
  }
  return {};
}

void Ledger::rebuild_fleet() {
  fleet_ = fleet::Fleet();
  allocations_of_offer_.clear();
  const auto feed_all = [&](const api::Kind& kind) {
    view_.each(kind.key_prefix(), [&](const RecordPtr& r) {
      feed_fleet(r->object.key(), nullptr, r.get());
      return true;
    });
  };
  for (const api::Kind* kind : fleet::fleet_kinds()) feed_all(*kind);
  feed_all(api::kind_of<api::Allocation>());  // after what they refer to
}

RecordPtr Ledger::sequenced(std::string_view key) const {
  if (const auto it = pending_.find(key); it != pending_.end()) return it->second.second;
  return view_.find(key);
}

std::string Ledger::tenant_of(std::string_view ns) const {
  if (ns.empty()) return {};
  const RecordPtr r = sequenced(api::kind_of<api::Namespace>().key({}, ns));
  if (!r) return {};
  const auto& labels = r->object.meta().labels;
  const auto it = labels.find(tenant_label);
  return it == labels.end() ? std::string() : it->second;
}

std::string Ledger::principal_id(std::string_view user) const {
  const audit::Hash hash = audit::sha256(identity_.principal_key + "/" + std::string(user));
  return "u:" + audit::to_hex(hash).substr(0, 16);
}

// ---- preparing: conditions and metadata

// Judged by what is sequenced: a namespace that is going is removed once it is seen to be empty,
// and what came in unseen would be left in none, and be recorded in another log.
Result<void> Ledger::check_namespace(const api::Object& object) const {
  const api::ObjectMeta& meta = object.meta();
  if (meta.ns.empty() || object.kind().persistence != api::Persistence::recorded) return {};
  const RecordPtr ns = sequenced(api::kind_of<api::Namespace>().key({}, meta.ns));
  if (ns == nullptr || !ns->object.meta().deletion_timestamp.is_set()) return {};
  return Error{
      Reason::forbidden,
      "unable to create new content in namespace " + meta.ns + " because it is being terminated",
      {{"NamespaceTerminating", "metadata.namespace",
        "namespace " + meta.ns + " is being terminated"}}};
}

Result<void> Ledger::prepare_create(api::Object object, Prepared& out) {
  TRY(check_namespace(object));
  TRY(check_log_name(object));
  api::ObjectMeta& meta = object.meta();
  if (meta.uid.empty()) meta.uid = make_uid(runtime_);
  meta.creation_timestamp = runtime_.now();
  meta.deletion_timestamp = {};
  meta.generation = has_field(object.kind(), "spec") ? 1 : 0;
  salt(runtime_, object);
  out.object = std::move(object);
  return {};
}

Result<void> Ledger::prepare_update(const RecordPtr& before, api::Object object, Prepared& out) {
  const api::ObjectMeta& old = before->object.meta();
  api::ObjectMeta& meta = object.meta();
  if (!meta.uid.empty() && meta.uid != old.uid)
    return Error{Reason::conflict, object.kind().resource() + " \"" + old.name +
                                       "\" was made anew: its uid is " + old.uid};
  TRY(check_tenant_label(before, object));
  meta.uid = old.uid;
  meta.creation_timestamp = old.creation_timestamp;
  meta.resource_version = old.resource_version;
  meta.generation = old.generation;
  if (old.deletion_timestamp.is_set()) meta.deletion_timestamp = old.deletion_timestamp;
  if (!same_field(object.kind(), before->object.data(), object.data(), "spec")) ++meta.generation;
  if (meta.deletion_timestamp.is_set() && meta.finalizers.empty())
    return prepare_remove(before, out);
  keep_salt(before->object, object);
  out.unchanged = object.print() == *before->bytes;
  if (!out.unchanged) salt(runtime_, object);
  out.object = std::move(object);
  return {};
}

// What is recorded stays in the log that it began in: a tenant checks its own without any other's.
Result<void> Ledger::check_tenant_label(const RecordPtr& before, const api::Object& after) const {
  const auto tenant = [](const api::Object& ns) {
    const auto it = ns.meta().labels.find(tenant_label);
    return it == ns.meta().labels.end() ? std::string() : it->second;
  };
  if (after.as<api::Namespace>() == nullptr || tenant(before->object) == tenant(after)) return {};
  TRY(check_log_name(after));
  for (const api::Kind* kind : api::kinds()) {
    if (!kind->namespaced || kind->persistence != api::Persistence::recorded) continue;
    const std::string prefix = kind->key(after.meta().name, "");
    bool holds = false;
    view_.each(prefix, [&](const RecordPtr& r) {
      const auto it = pending_.find(r->object.key());
      holds = it == pending_.end() || it->second.second != nullptr;
      return !holds;
    });
    for (auto it = pending_.lower_bound(prefix);
         !holds && it != pending_.end() && it->first.starts_with(prefix); ++it)
      holds = it->second.second != nullptr;
    if (!holds) continue;
    const std::string field = "metadata.labels[" + std::string(tenant_label) + "]";
    return Error{Reason::invalid,
                 "namespace \"" + after.meta().name + "\" is invalid: " + field + ": it holds " +
                     std::string(kind->plural) + ", which are recorded for tenant \"" +
                     tenant(before->object) + "\"; use a new namespace, or empty this one first",
                 {{"FieldValueForbidden", field, "the namespace is not empty"}}};
  }
  return {};
}

Result<void> Ledger::prepare_remove(const RecordPtr& before, Prepared& out) {
  out.type = OpType::remove;
  out.object = before->object;
  return {};
}

Result<void> Ledger::prepare(Op& op, Prepared& out) {
  const api::Kind& kind = op.object.kind();
  const std::string name = op.object.meta().name;
  out.type = op.type;
  out.key = op.object.key();
  out.before = sequenced(out.key);
  if (op.type == OpType::create) {
    if (out.before)
      return Error{Reason::already_exists, kind.resource() + " \"" + name + "\" already exists"};
    return prepare_create(op.object.clone(), out);
  }
  if (!out.before) return not_found(kind, name);
  if (op.expected != 0 && out.before->rev != op.expected) return conflict(kind, name);
  if (op.type == OpType::update) return prepare_update(out.before, op.object.clone(), out);
  if (!op.uid.empty() && op.uid != out.before->object.meta().uid)
    return Error{Reason::conflict,
                 "uid " + op.uid + " is not that of " + kind.resource() + " \"" + name + "\""};
  return prepare_remove(out.before, out);
}

// ---- capacity

// What one object's change means to the fleet. `before` and `after` are null when absent.
void Ledger::feed_fleet(std::string_view key, const Record* before, const Record* after) {
  const api::Object& any = (after != nullptr ? after : before)->object;
  if (fleet::is_fleet_kind(any.kind())) {
    // A profile stays: nodes that name it are placed on as before.
    if (after)
      fleet::put_object(fleet_, any);
    else if (any.as<api::HardwareProfile>() == nullptr)
      fleet::remove_object(fleet_, any);
  }
  if (const auto* allocation = any.as<api::Allocation>()) {
    const std::string offer = offer_key(*allocation);
    if (!after) {
      fleet_.release(key);
      allocations_of_offer_[offer].erase(std::string(key));
      return;
    }
    allocations_of_offer_[offer].emplace(key);
    const RecordPtr held = sequenced(offer);
    const auto* o = held ? held->object.as<api::Offer>() : nullptr;
    if (allocation->spec.owner != "freehold" || (o && api::counts(o->status.phase)))
      fleet_.occupy(key, allocation->spec);
  } else if (any.as<api::Offer>() != nullptr) {
    if (after && api::counts(any.as<api::Offer>()->status.phase)) return;
    for (const std::string& k : allocations_of_offer_[std::string(key)]) fleet_.release(k);
  }
}

// An allocation that takes what it took before.
bool Ledger::same_share(const Prepared& p) {
  return p.type == OpType::update &&
         same_field(p.object.kind(), p.before->object.data(), p.object.data(), "spec");
}

// Nobody takes away what an accepted contract stands on: it is released, and settles. Nor what an
// offer holds that may be accepted any moment; the offer itself may go as long as it was not.
Result<void> Ledger::check_removal(const Prepared& p) const {
  if (p.type != OpType::remove) return {};
  const auto* allocation = p.object.as<api::Allocation>();
  const RecordPtr held = allocation ? sequenced(offer_key(*allocation)) : p.before;
  const auto* offer = held ? held->object.as<api::Offer>() : nullptr;
  if (offer == nullptr || !api::counts(offer->status.phase)) return {};
  const bool is_accepted = offer->status.phase == api::OfferPhase::accepted;
  const RecordPtr r =
      sequenced(api::kind_of<api::Contract>().key(offer->metadata.ns, offer->spec.contract));
  const auto* contract = r ? r->object.as<api::Contract>() : nullptr;
  const bool may_accept = contract != nullptr && contract->status.offer == offer->metadata.name;
  if (!is_accepted && (allocation == nullptr || !may_accept)) return {};
  return Error{Reason::conflict, p.object.kind().resource() + " \"" + p.object.meta().name +
                                     "\" belongs to contract \"" + offer->spec.contract +
                                     "\", which " +
                                     (is_accepted ? "has accepted it" : "may still accept it") +
                                     "; release the contract instead"};
}

// Every Allocation that begins to count must fit what is free once all ops of the change have been
// applied.
Result<void> Ledger::reserve(const std::vector<Prepared>& prepared) {
  fleet::Fleet next = fleet_.fork();
  std::map<std::string, const api::Offer*, std::less<>> offers;  // as of after this change
  for (const Prepared& p : prepared) {
    TRY(check_removal(p));
    if (const auto* offer = p.object.as<api::Offer>()) {
      const bool held = p.type != OpType::remove && api::counts(offer->status.phase);
      const auto* was = p.before ? p.before->object.as<api::Offer>() : nullptr;
      if (held && was != nullptr && !api::counts(was->status.phase))
        return Error{Reason::invalid, "offer \"" + offer->metadata.name +
                                          "\" no longer holds capacity; ask for a new one"};
      offers[p.key] = p.type == OpType::remove ? nullptr : offer;
      if (held) continue;
      if (const auto it = allocations_of_offer_.find(p.key); it != allocations_of_offer_.end())
        for (const std::string& key : it->second) next.release(key);
    }
    if (const auto* node = p.object.as<api::Node>(); node && p.type != OpType::remove)
      next.put(*node);
    // What takes another share gives back the one that it had.
    if (p.object.as<api::Allocation>() && !same_share(p)) next.release(p.key);
  }
  for (const Prepared& p : prepared) {
    const auto* allocation = p.object.as<api::Allocation>();
    if (!allocation || p.type == OpType::remove || same_share(p)) continue;
    const std::string key = offer_key(*allocation);
    const api::Offer* offer = nullptr;
    if (const auto it = offers.find(key); it != offers.end())
      offer = it->second;
    else if (const RecordPtr r = sequenced(key))
      offer = r->object.as<api::Offer>();
    if (allocation->spec.owner == "freehold" && (!offer || !api::counts(offer->status.phase)))
      return Error{Reason::invalid, "allocation \"" + allocation->metadata.name +
                                        "\" names offer \"" + allocation->spec.offer +
                                        "\", which holds no capacity"};
    if (!overbooks_) TRY(next.check(allocation->spec));
    next.occupy(p.key, allocation->spec);
  }
  return {};
}

// ---- sequencing

void Ledger::append_leaf(const Prepared& p, const Change& change, store::Transaction& transaction) {
  const api::Kind& kind = p.object.kind();
  const api::ObjectMeta& meta = p.object.meta();
  std::string tenant = tenant_of(meta.ns);
  const std::string origin =
      audit::log_origin(identity_.site, identity_.organization,
                        tenant.empty() ? operator_log : std::string_view(tenant));
  audit::LeafFields leaf;
  leaf.verb = p.type == OpType::create ? "create" : p.type == OpType::update ? "update" : "delete";
  leaf.group = kind.group;
  leaf.resource = kind.plural;
  leaf.ns = meta.ns;
  leaf.name = meta.name;
  leaf.uid = meta.uid;
  leaf.key = p.key;
  leaf.revision = transaction.first + transaction.writes.size() - 1;
  leaf.time = transaction.time;
  leaf.principal = principal_id(change.actor.user);
  if (p.before) leaf.prev_digest = audit::to_hex(audit::sha256(*p.before->bytes));
  if (p.after) leaf.new_digest = audit::to_hex(audit::sha256(*p.after->bytes));
  leaf.decision_digest = change.decision_digest;
  std::string data = audit::encode_leaf(leaf);
  audit::Frontier& frontier = frontiers_[origin];
  const uint64_t index = frontier.size();
  frontier.append(audit::leaf_hash(data));
  transaction.leaves.push_back({origin, index, std::make_shared<const std::string>(std::move(data)),
                                audit::to_hex(frontier.root())});
  ++stats_.leaves;
}

void Ledger::stamp(std::vector<Prepared>& prepared, const Change& change,
                   store::Transaction& transaction) {
  const std::string principal = principal_id(change.actor.user);
  // Namespaces come first and go last: they say in whose log the others are recorded.
  std::vector<Prepared*> order;
  const auto rank = [](const Prepared& p) {
    if (p.object.as<api::Namespace>() == nullptr) return 1;
    return p.type == OpType::remove ? 2 : 0;
  };
  for (const int turn : {0, 1, 2})
    for (Prepared& p : prepared)
      if (!p.unchanged && rank(p) == turn) order.push_back(&p);
  for (Prepared* const one : order) {
    Prepared& p = *one;
    const Rev rev = transaction.first + transaction.writes.size();
    transaction.conditions.push_back({p.key, p.before ? p.before->rev : 0});
    if (p.type == OpType::remove) {
      transaction.writes.push_back({p.key, nullptr});
    } else {
      p.object.meta().resource_version = std::to_string(rev);
      auto bytes = std::make_shared<const std::string>(p.object.print());
      transaction.writes.push_back({p.key, bytes});
      // Read back, so that memory holds what a restart would find: times by the second, and so on.
      auto stored = api::decode(p.object.kind(), *bytes);
      const bool is_bug = BUG_IF(!stored, "what was printed cannot be read");
      p.after =
          std::make_shared<const Record>(Record{is_bug ? p.object : std::move(stored).value(),
                                                bytes, rev, p.before ? p.before->created : rev});
    }
    if (p.object.kind().persistence == api::Persistence::recorded)
      append_leaf(p, change, transaction);
    pending_[p.key] = {rev, p.after};
    if (concerns_fleet(p.object.kind())) feed_fleet(p.key, p.before.get(), p.after.get());
  }
  if (!transaction.leaves.empty() && principals_.insert(principal).second)
    transaction.writes.push_back({std::string(principal_prefix) + principal,
                                  std::make_shared<const std::string>(change.actor.user)});
}

void Ledger::submit(Change change, Done done) {
  auto fail = [&](Error error) {
    error.reason == Reason::conflict ? ++stats_.conflicts : ++stats_.refused;
    runtime_.post([done, error = std::move(error)] { done(error); });
  };
  // One more: the name of whoever is seen for the first time.
  const size_t writes = change.ops.size() + 1;
  if (writes > limits::commit_writes)
    return fail({Reason::too_large, "a change holds at most " +
                                        std::to_string(limits::commit_writes - 1) + " objects"});
  // Here and not in the store: what has been stamped must be taken.
  if (!change.dry_run && waiting_writes_ + writes >= limits::commit_queue)
    return fail(
        {Reason::too_many_requests, "the disk is behind: " + std::to_string(waiting_writes_) +
                                        " writes wait for it; try again later"});
  std::vector<Prepared> prepared(change.ops.size());
  std::set<std::string_view> keys;
  for (size_t i = 0; i < change.ops.size(); ++i) {
    if (auto r = prepare(change.ops[i], prepared[i]); !r) return fail(std::move(r.error()));
    if (!keys.insert(prepared[i].key).second)
      return fail({Reason::bad_request, "the change names " + prepared[i].key + " twice"});
    if (prepared[i].object.print().size() > limits::object_bytes)
      return fail({Reason::too_large, "object " + prepared[i].key + " is larger than " +
                                          std::to_string(limits::object_bytes) + " bytes"});
  }
  if (std::any_of(prepared.begin(), prepared.end(),
                  [](const Prepared& p) { return concerns_fleet(p.object.kind()); }))
    if (auto r = reserve(prepared); !r) return fail(std::move(r.error()));

  keep_identity();
  auto result = std::make_shared<Committed>();
  const bool nothing =
      std::all_of(prepared.begin(), prepared.end(), [](const Prepared& p) { return p.unchanged; });
  store::Transaction transaction;
  transaction.first = store_.sequenced_head() + 1;
  transaction.time = runtime_.now();
  if (!change.dry_run && !nothing) stamp(prepared, change, transaction);
  for (Prepared& p : prepared) {
    if (p.type == OpType::remove)
      result->records.push_back(nullptr);
    else if (p.unchanged)
      result->records.push_back(p.before);
    else if (p.after)
      result->records.push_back(p.after);
    else
      result->records.push_back(std::make_shared<const Record>(
          Record{p.object, std::make_shared<const std::string>(p.object.print()), 0, 0}));
  }
  if (change.dry_run || nothing) {
    result->rev = store_.head();
    runtime_.post([done, result] { done(std::move(*result)); });
    return;
  }
  const size_t count = transaction.writes.size();  // here: it is moved from before what follows it
  ++stats_.commits;
  stats_.changes += count;
  waiting_writes_ += count;
  store_.commit(std::move(transaction), [this, done, result, count](Result<store::CommitPtr> r) {
    waiting_writes_ -= count;
    if (!r) return done(std::move(r).error());
    result->rev = (*r)->last;
    done(std::move(*result));
  });
}

// ---- what the store says

void Ledger::applied(const store::CommitPtr& commit) {
  for (const store::Change& change : commit->changes) {
    const auto it = pending_.find(change.key);
    RecordPtr record;
    if (it != pending_.end() && it->second.first == change.rev) {
      record = it->second.second;
      pending_.erase(it);
    } else if (change.value) {
      // Superseded while it waited: the later write is still pending, and the view shows this one
      // meanwhile.
      const api::KeyParts parts = api::parse_key(change.key);
      if (parts.kind == nullptr) continue;
      auto object = api::decode(*parts.kind, *change.value);
      if (BUG_IF(!object, "a committed object cannot be read")) continue;
      record = std::make_shared<const Record>(
          Record{std::move(object).value(), change.value, change.rev, change.created});
    }
    record ? view_.put(change.key, std::move(record)) : view_.erase(change.key);
  }
  view_.set_rev(commit->last);
  for (const Listener& listener : listeners_) listener(commit);
}

void Ledger::rolled_back() {
  pending_.clear();
  load_principals();
  rebuild_fleet();
  if (auto r = load_logs(); !r)
    log(LogLevel::error, "ledger", "logs cannot be read after a failed write",
        {{"error", r.error().message}});
}

}  // namespace freehold::ledger
