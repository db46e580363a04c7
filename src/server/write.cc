// Writing one object: create, update, patch. Strictness, names, rules of the tables and rights are
// checked here; conditions, capacity and metadata by the ledger.
#include <algorithm>

#include "api/contract.h"
#include "api/core.h"
#include "api/hardware.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "base/limits.h"
#include "base/strings.h"
#include "control/contract/work.h"
#include "discover/machine.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "schema/protobuf.h"
#include "server/api_server.h"
#include "server/strategic.h"

namespace freehold::server {

namespace {

const schema::FieldInfo* field_of(const api::Kind& kind, std::string_view name) {
  for (const schema::FieldInfo& f : kind.type->fields)
    if (f.name == name) return &f;
  return nullptr;
}

void copy_field(const api::Kind& kind, std::string_view name, api::Object& to,
                const api::Object& from) {
  const schema::FieldInfo* f = field_of(kind, name);
  if (f != nullptr && f->type->copy != nullptr)
    f->type->copy(f->get(to.data()), f->at(from.data()));
}

void clear_field(const api::Kind& kind, std::string_view name, api::Object& object) {
  if (const schema::FieldInfo* f = field_of(kind, name)) f->type->clear(f->get(object.data()));
}

// Unknown and duplicate fields, as the client wishes: refused (the default), warned about, or
// ignored.
Result<void> judge_fields(Exchange& x, const schema::ReadOutcome& outcome) {
  if (outcome.empty()) return {};
  const std::string_view wish = x.request.parameter("fieldValidation").value_or("Strict");
  if (wish == "Ignore") return {};
  const std::vector<std::string> messages = outcome.messages();
  if (wish == "Warn") {
    x.warnings.insert(x.warnings.end(), messages.begin(), messages.end());
    return {};
  }
  if (wish != "Strict" && !wish.empty())
    return Error{Reason::bad_request, "fieldValidation must be Ignore, Warn or Strict"};
  Error error{Reason::bad_request, "strict decoding error: " + join(messages, ", ")};
  for (const std::string& path : outcome.unknown)
    error.causes.push_back({"FieldValueInvalid", path, "unknown field"});
  for (const std::string& path : outcome.duplicate)
    error.causes.push_back({"FieldValueDuplicate", path, "field appears twice"});
  return error;
}

std::string random_suffix(Runtime& runtime) {
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i)
    suffix += letters[static_cast<size_t>(
        runtime.random().in(0, static_cast<int64_t>(letters.size()) - 1))];
  return suffix;
}

bool is_own(const api::Kind& kind) { return kind.group == api::group; }

// All that is wrong with a document of which some could not be read.
Result<void> judge_reading(const api::Object& object, schema::Errors& errors,
                           std::string_view name) {
  if (errors.empty()) return {};
  add_broken_rules(object, errors);
  return errors.to_error(object.kind().name, name);
}

// Machines of one model share a profile. Its name is the digest of what it says, so that no agent
// can put anything in the place of what others say; and none may have it kept or removed.
Result<void> check_profile(const auth::User& user, const api::Object& object) {
  const auto* profile = object.as<api::HardwareProfile>();
  const std::string_view node = auth::node_of(user);
  if (profile == nullptr || node.empty() || user.in(auth::admins)) return {};
  const api::ObjectMeta& meta = profile->metadata;
  const std::string name = discover::profile_name(profile->spec);
  std::string field, what;
  if (meta.name != name) {
    field = "metadata.name";
    what = "what it says makes it \"" + name + "\"";
  } else if (!meta.owner_references.empty() || !meta.finalizers.empty()) {
    field = meta.finalizers.empty() ? "metadata.ownerReferences" : "metadata.finalizers";
    what = "it belongs to all machines of its model";
  } else {
    return {};
  }
  return Error{Reason::forbidden,
               "the agent of node " + std::string(node) + " may not make hardware profile \"" +
                   meta.name + "\": " + field + ": " + what,
               {{"FieldValueForbidden", field, what}}};
}

// Whoever may change a contract may not thereby leave capacity behind for which nobody answers.
Result<void> check_let_go(const api::ObjectMeta& before, const api::Object& after) {
  const auto holds = [](const api::ObjectMeta& meta) {
    return std::find(meta.finalizers.begin(), meta.finalizers.end(), control::settle_finalizer) !=
           meta.finalizers.end();
  };
  if (after.as<api::Contract>() == nullptr || !holds(before) || holds(after.meta())) return {};
  return Error{Reason::invalid,
               "metadata.finalizers: " + std::string(control::settle_finalizer) +
                   " is let go once the contract has settled",
               {{"FieldValueForbidden", "metadata.finalizers",
                 "the contract has not settled; its status says what it waits for"}}};
}

// What controllers say of these decides about capacity and money: a statement, an offer that is
// released. Nobody else writes it, whatever his rights.
Result<void> check_status_writer(const api::Object& after) {
  const api::Kind& kind = after.kind();
  for (const api::Kind* of_controllers :
       {&api::kind_of<api::Contract>(), &api::kind_of<api::Offer>(),
        &api::kind_of<api::Allocation>(), &api::kind_of<api::Workload>(),
        &api::kind_of<api::Endpoint>()})
    if (&kind == of_controllers)
      return Error{Reason::forbidden,
                   "the status of " + kind.resource() + " \"" + after.meta().name +
                       "\" is written by the controllers of the control plane alone; change its "
                       "spec instead",
                   {{"FieldValueForbidden", "status", "written by the controllers alone"}}};
  return {};
}

// The names of what is made for a contract begin with its own. A workload's is that of the contract
// which its template makes.
Result<void> check_room_for_names(const api::Object& object) {
  const std::string& name = object.meta().name;
  const bool begins_others = object.as<api::Contract>() || object.as<api::Workload>();
  if (!begins_others || name.size() <= control::longest_contract_name) return {};
  const std::string what = "must be no more than " +
                           std::to_string(control::longest_contract_name) +
                           " characters: the names of its offers and instances begin with it";
  return Error{
      Reason::invalid,
      std::string(object.kind().name) + " \"" + name + "\" is invalid: metadata.name: " + what,
      {{"FieldValueTooLong", "metadata.name", what}}};
}

}  // namespace

void add_broken_rules(const api::Object& object, schema::Errors& errors) {
  const std::vector<schema::FieldError> unread = errors.all();
  const auto is_within = [](std::string_view path, std::string_view outer) {
    return path.starts_with(outer) &&
           (path.size() == outer.size() || path[outer.size()] == '.' || path[outer.size()] == '[');
  };
  schema::Errors broken;
  api::validate(object, broken);
  for (const schema::FieldError& e : broken.all())
    if (std::none_of(unread.begin(), unread.end(),
                     [&](const schema::FieldError& u) { return is_within(e.path, u.path); }))
      errors.add(e.fault, e.path, e.detail);
}

Result<bool> ApiServer::is_dry_run(const Exchange& x) const {
  const auto value = x.request.parameter("dryRun");
  if (!value || value->empty()) return false;
  if (*value == "All") return true;
  return Error{Reason::bad_request, "dryRun must be All"};
}

Result<api::Object> ApiServer::read_document(Exchange& x, const json::Value& document) {
  api::Object object(*x.route.kind);
  schema::Errors errors;
  const auto outcome = TRY(api::read_object(object, document, errors));
  if (x.route.name.empty()) x.route.name = object.meta().name;
  TRY(judge_fields(x, outcome));
  TRY(judge_reading(object, errors, x.route.name));
  return object;
}

Result<api::Object> ApiServer::read_body(Exchange& x) {
  if (!x.request.body || x.request.body->empty())
    return Error{Reason::bad_request, "the request has no body"};
  const api::Kind& kind = *x.route.kind;
  const Encoding encoding = TRY(encoding_of(x.request.header("content-type")));
  if (encoding == Encoding::yaml)
    return read_document(x, TRY(json::parse_yaml_or_json(*x.request.body)));
  api::Object object(kind);
  schema::Errors errors;
  if (encoding == Encoding::protobuf) {
    const auto envelope = TRY(schema::open_protobuf(*x.request.body));
    if (envelope.kind != kind.name || envelope.api_version != kind.api_version())
      return Error{Reason::bad_request,
                   "the body is a " + envelope.kind + ", not a " + std::string(kind.name)};
    if (is_own(kind))
      return Error{Reason::unsupported_media_type, kind.resource() + " is read as JSON or YAML"};
    const auto fields =
        TRY(schema::read_protobuf(*kind.type, object.data(), envelope.message, errors));
    if (x.route.name.empty()) x.route.name = object.meta().name;
    TRY(judge_fields(x, fields));
    TRY(judge_reading(object, errors, object.meta().name));
    return object;
  }
  if (encoding != Encoding::json)
    return Error{Reason::unsupported_media_type, "a patch is sent with PATCH"};
  const auto outcome = TRY(api::read_object(object, std::string_view(*x.request.body), errors));
  if (x.route.name.empty()) x.route.name = object.meta().name;
  TRY(judge_fields(x, outcome));
  TRY(judge_reading(object, errors, object.meta().name));
  return object;
}

// Names, namespace, fields that are not the client's to set, rules.
Result<void> ApiServer::check_new(Exchange& x, api::Object& object) {
  const api::Kind& kind = *x.route.kind;
  api::ObjectMeta& meta = object.meta();
  if (kind.namespaced) {
    if (meta.ns.empty()) meta.ns = x.route.ns;
    if (meta.ns != x.route.ns)
      return Error{Reason::bad_request,
                   "the namespace of the object (" + meta.ns +
                       ") does not match the namespace on the request (" + x.route.ns + ")",
                   {{"FieldValueInvalid", "metadata.namespace", "not that of the request"}}};
    const auto* ns = ledger_.view().get<api::Namespace>({}, meta.ns);
    if (ns == nullptr && !x.brings.contains(meta.ns))
      return Error{Reason::not_found, "namespaces \"" + meta.ns + "\" not found"};
    if (ns != nullptr && ns->metadata.deletion_timestamp.is_set())
      return Error{Reason::forbidden,
                   "unable to create new content in namespace " + meta.ns +
                       " because it is being terminated",
                   {{"NamespaceTerminating", "metadata.namespace",
                     "namespace " + meta.ns + " is being terminated"}}};
  } else if (!meta.ns.empty()) {
    return Error{Reason::bad_request,
                 kind.resource() + " is not namespaced; leave metadata.namespace out"};
  }
  if (meta.name.empty() && !meta.generate_name.empty())
    meta.name = meta.generate_name + random_suffix(runtime_);
  if (meta.name.empty())
    return Error{
        Reason::invalid,
        std::string(kind.name) +
            " \"\" is invalid: metadata.name: Required value: name or generateName is required",
        {{"FieldValueRequired", "metadata.name",
          "Required value: name or generateName is required"}}};
  if (!meta.resource_version.empty())
    return Error{Reason::bad_request,
                 "resourceVersion should not be set on objects to be created",
                 {{"FieldValueForbidden", "metadata.resourceVersion", "set by the server"}}};
  meta.uid.clear();
  meta.deletion_timestamp = {};
  meta.managed_fields.clear();
  if (kind.has_status) clear_field(kind, "status", object);
  if (auto* ns = object.as<api::Namespace>(); ns && ns->spec.finalizers.empty())
    ns->spec.finalizers.emplace_back("kubernetes");
  if (kind.admit != nullptr) kind.admit(object.data());
  schema::Errors errors;
  api::validate(object, errors);
  if (!errors.empty()) return errors.to_error(kind.name, meta.name);
  TRY(check_room_for_names(object));
  TRY(auth::check_escalation(ledger_, x.user, object));
  TRY(check_profile(x.user, object));
  return auth::check_write(x.user, nullptr, object, x.route.subresource);
}

Result<void> ApiServer::check_changed(Exchange& x, const ledger::RecordPtr& before,
                                      api::Object& after) {
  const api::Kind& kind = *x.route.kind;
  api::ObjectMeta& meta = after.meta();
  const api::ObjectMeta& old = before->object.meta();
  if (meta.name.empty()) meta.name = old.name;
  if (meta.ns.empty()) meta.ns = old.ns;
  if (meta.name != old.name || meta.ns != old.ns)
    return Error{Reason::bad_request, "the name of the object (" + meta.name +
                                          ") does not match the name on the URL (" + old.name +
                                          ")"};
  if (!meta.uid.empty() && meta.uid != old.uid)
    return Error{Reason::conflict, "Precondition failed: UID in precondition: " + meta.uid +
                                       ", UID in object meta: " + old.uid};
  meta.managed_fields = old.managed_fields;
  meta.generate_name = old.generate_name;
  if (x.route.subresource == "status") {
    // Everything but status stays; an agent's finalizer is let go on the main path.
    api::Object kept = before->object.clone();
    copy_field(kind, "status", kept, after);
    kept.meta().resource_version = meta.resource_version;
    after = std::move(kept);
  } else if (kind.has_status) {
    copy_field(kind, "status", after, before->object);
  }
  after.meta().deletion_timestamp = old.deletion_timestamp;
  after.meta().creation_timestamp = old.creation_timestamp;
  after.meta().uid = old.uid;
  after.meta().generation = old.generation;
  if (old.deletion_timestamp.is_set())
    for (const std::string& f : after.meta().finalizers)
      if (std::find(old.finalizers.begin(), old.finalizers.end(), f) == old.finalizers.end())
        return Error{
            Reason::invalid,
            "no new finalizers can be added while the object is being deleted",
            {{"FieldValueForbidden", "metadata.finalizers", "the object is being deleted"}}};
  if (kind.admit != nullptr) kind.admit(after.data());
  TRY(check_let_go(old, after));
  schema::Errors errors;
  api::validate(after, errors);
  api::validate_update(before->object, after, errors);
  if (!errors.empty()) return errors.to_error(kind.name, old.name);
  if (x.route.subresource == "status") TRY(check_status_writer(after));
  if (x.route.subresource.empty()) TRY(auth::check_escalation(ledger_, x.user, after));
  return auth::check_write(x.user, &before->object, after, x.route.subresource);
}

void ApiServer::write(const ExchangePtr& x, ledger::Op op, int status,
                      std::function<bool(const Error&)> retry) {
  auto dry = is_dry_run(*x);
  if (!dry) return x->fail(dry.error());
  ledger::Change change;
  const api::Object wanted = op.object;
  change.ops.push_back(std::move(op));
  change.actor.user = x->user.actor();
  change.dry_run = *dry;
  ledger_.submit(std::move(change),
                 [x, status, wanted, retry = std::move(retry)](Result<ledger::Committed> done) {
                   if (!done) {
                     if (retry && retry(done.error())) return;
                     return x->fail(done.error());
                   }
                   const ledger::RecordPtr& record = done->records.front();
                   // Whoever let go of the last finalizer is told what he wrote; it is gone now.
                   const api::Object& object = record ? record->object : wanted;
                   if (x->form == Form::yaml)
                     return x->respond(respond_value(status, api::to_json(object), Form::yaml));
                   if (x->form == Form::partial)
                     return x->respond(respond_value(status, partial_of(object)));
                   http::Response response;
                   response.status = status;
                   response.headers["content-type"] = "application/json";
                   response.body = record ? record->bytes : http::bytes(wanted.print());
                   x->respond(std::move(response));
                 });
}

void ApiServer::create(const ExchangePtr& x) {
  auto object = read_body(*x);
  if (!object) return x->fail(object.error());
  x->route.name = object->meta().name;
  const std::string prefix =
      object->meta().name.empty() ? object->meta().generate_name : std::string();
  if (auto r = check_new(*x, *object); !r) return x->fail(r.error());
  x->route.name = object->meta().name;
  ledger::Op op{ledger::OpType::create, *object, 0, {}};
  // A generated name that is taken is drawn again.
  auto again = [this, x, prefix, object = *object](const Error& error) mutable {
    if (prefix.empty() || error.reason != Reason::already_exists) return false;
    object.meta().name = prefix + random_suffix(runtime_);
    write(x, {ledger::OpType::create, object, 0, {}}, 201);
    return true;
  };
  write(x, std::move(op), 201, std::move(again));
}

void ApiServer::update(const ExchangePtr& x) {
  const ledger::RecordPtr before = ledger_.view().find(*x->route.kind, x->route.ns, x->route.name);
  if (!before)
    return x->fail(
        {Reason::not_found, x->route.kind->resource() + " \"" + x->route.name + "\" not found"});
  // Before anything is said of the body, which may ask what the object holds.
  if (auto r = auth::check_read(x->user, before->object); !r) return x->fail(r.error());
  auto object = read_body(*x);
  if (!object) return x->fail(object.error());
  const std::string& version = object->meta().resource_version;
  if (version.empty() && is_own(*x->route.kind))
    return x->fail(
        {Reason::invalid,
         std::string(x->route.kind->name) + " \"" + x->route.name +
             "\" is invalid: metadata.resourceVersion: Invalid value: must be specified for an "
             "update",
         {{"FieldValueInvalid", "metadata.resourceVersion", "must be specified for an update"}}});
  const auto expected = version.empty() ? std::optional<uint64_t>(0) : parse_uint(version);
  if (!expected) return x->fail({Reason::bad_request, "metadata.resourceVersion is not a number"});
  if (auto r = check_changed(*x, before, *object); !r) {
    // Who worked on an old version is told so first.
    if (*expected != 0 && *expected != before->rev && r.error().reason == Reason::invalid)
      return x->fail({Reason::conflict, "Operation cannot be fulfilled on " +
                                            x->route.kind->resource() + " \"" + x->route.name +
                                            "\": the object has been modified; please apply your "
                                            "changes to the latest version and try again"});
    return x->fail(r.error());
  }
  write(x, {ledger::OpType::update, std::move(*object), *expected, {}}, 200);
}

namespace {

Result<Encoding> patch_encoding(const Exchange& x) {
  const Encoding encoding = TRY(encoding_of(x.request.header("content-type")));
  if (!x.request.body) return Error{Reason::bad_request, "the request has no body"};
  if (encoding == Encoding::apply_patch)
    return Error{Reason::unsupported_media_type,
                 "server-side apply is not served yet; use client-side apply or a merge patch"};
  return encoding;
}

Result<json::Value> apply_patch(const Exchange& x, Encoding encoding, const json::Value& before) {
  if (encoding == Encoding::strategic_patch && is_own(*x.route.kind))
    return Error{Reason::unsupported_media_type,
                 "strategic merge patch is for core kinds; use application/merge-patch+json"};
  const json::Value patch = TRY(json::parse(*x.request.body));
  if (encoding == Encoding::json_patch) return json::json_patch(before, patch);
  if (encoding != Encoding::merge_patch && encoding != Encoding::strategic_patch)
    return Error{Reason::unsupported_media_type,
                 "a patch is application/merge-patch+json, application/json-patch+json or "
                 "application/strategic-merge-patch+json"};
  if (patch.as_object() == nullptr) return Error{Reason::bad_request, "a merge patch is an object"};
  if (encoding == Encoding::strategic_patch) return strategic_merge(before, patch);
  return json::merge_patch(before, patch);
}

}  // namespace

void ApiServer::patch(const ExchangePtr& x, int attempt) {
  // Server-side apply also makes what is not there: it learns first that it is not served.
  const auto encoding = patch_encoding(*x);
  if (!encoding) return x->fail(encoding.error());
  const ledger::RecordPtr before = ledger_.view().find(*x->route.kind, x->route.ns, x->route.name);
  if (!before)
    return x->fail(
        {Reason::not_found, x->route.kind->resource() + " \"" + x->route.name + "\" not found"});
  // A patch copies and compares what is there: what came of it would tell.
  if (auto r = auth::check_read(x->user, before->object); !r) return x->fail(r.error());
  const auto document = apply_patch(*x, *encoding, api::to_json(before->object));
  if (!document) return x->fail(document.error());
  auto object = read_document(*x, *document);
  if (!object) return x->fail(object.error());
  const auto expected = parse_uint(object->meta().resource_version);
  if (!expected) return x->fail({Reason::bad_request, "metadata.resourceVersion is not a number"});
  if (auto r = check_changed(*x, before, *object); !r) return x->fail(r.error());
  // The revision of what was patched, unless the patch itself named one: then that decides, and is
  // not tried again.
  const bool pinned = *expected != before->rev;
  auto again = [this, x, attempt, pinned](const Error& error) {
    if (pinned || error.reason != Reason::conflict || attempt + 1 >= write_attempts) return false;
    x->warnings.clear();
    when_settled(x, [this, x, attempt] { patch(x, attempt + 1); });
    return true;
  };
  write(x, {ledger::OpType::update, std::move(*object), *expected, {}}, 200, std::move(again));
}

}  // namespace freehold::server
