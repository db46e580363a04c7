// quote, offers, accept, release, statement: a contract from the question to the bill.
#include <algorithm>

#include "api/contract.h"
#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/objects.h"
#include "cli/offer_text.h"
#include "cli/progress.h"
#include "cli/statement.h"

namespace freehold::cli {

namespace {

const api::Kind& contract_kind() { return api::kind_of<api::Contract>(); }

Result<std::vector<api::Object>> offers_of(Session& session, const std::string& contract) {
  auto all = TRY(session.list(session.target(api::kind_of<api::Offer>())));
  std::erase_if(all, [&](const api::Object& o) {
    return !contract.empty() && o.as<api::Offer>()->spec.contract != contract;
  });
  return all;
}

Result<std::string> held_offer(Session& session, const std::string& contract) {
  std::vector<std::string> held;
  for (const api::Object& o : TRY(offers_of(session, contract)))
    if (o.as<api::Offer>()->status.phase == api::OfferPhase::held) held.push_back(o.meta().name);
  if (held.size() == 1) return held.front();
  if (held.empty())
    return Error{Reason::not_found, "contract \"" + contract +
                                        "\" has no offer that is held now; " +
                                        "see freehold why contract/" + contract};
  std::string all;
  for (const std::string& name : held) all += " " + name;
  return Error{Reason::conflict, "there are several offers; name one with --offer:" + all};
}

// Whether the offer that was named can be accepted for the contract.
Result<std::string> named_offer(Session& session, const std::string& contract,
                                const std::string& name) {
  const auto object = TRY(session.get(session.target(api::kind_of<api::Offer>(), name)));
  const auto& offer = *object.as<api::Offer>();
  if (offer.spec.contract != contract)
    return Error{Reason::conflict, "offer \"" + name + "\" is for contract \"" +
                                       offer.spec.contract + "\", not \"" + contract + "\""};
  if (!api::counts(offer.status.phase))  // what is accepted already may be said again
    return Error{Reason::conflict, "offer \"" + name + "\" is not held any more: it is " +
                                       to_lower(api::enum_text(offer.status.phase)) +
                                       "; see freehold offers " + contract};
  return name;
}

json::Value spec_patch(std::string_view field, json::Value value) {
  json::Object spec, patch;
  spec[field] = std::move(value);
  patch["spec"] = std::move(spec);
  return patch;
}

std::string basis_of(const json::Value& document) {
  std::string out;
  const json::Value* all = document.at({"spec", "guarantees"});
  if (all == nullptr || all->as_array() == nullptr) return out;
  for (const json::Value& g : *all->as_array()) {
    out += "  guarantee: " + std::string(g.string_at({"metric"}));
    for (const auto& [key, word] : {std::pair{"atLeast", " at least "}, {"atMost", " at most "}})
      if (const json::Value* bound = g.at({key}))
        out += word + (bound->as_string() ? *bound->as_string() : json::print(*bound));
    const bool capacity = g.string_at({"metric"}) == "available_capacity";
    out += capacity ? "; basis: capacity\n"
                    : "; basis: trial, until it is measured on the assigned hardware\n";
  }
  return out;
}

}  // namespace

int quote(const ClientOptions& client, const FileOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto documents = read_documents(options.files, (*session)->ns());
  if (!documents) return complain(documents.error());
  auto objects = one_set(*documents, "a quote");
  if (!objects) return complain(objects.error());
  const auto answer =
      (*session)->post("/apis/freehold.dev/v1alpha1/plans", set_of(std::move(*objects)));
  if (!answer) return complain(answer.error());
  if (client.output == Output::json || client.output == Output::yaml)
    put(document(*answer, client.output));
  int code = done;
  size_t found = 0;
  const Terminal t = terminal(stdout);
  for (const json::Value& result : results_of(*answer)) {
    const json::Value* prediction = result.at({"prediction"});
    if (result.string_at({"kind"}) != "Contract" && prediction == nullptr) continue;
    ++found;
    if (prediction != nullptr && (prediction->at({"refusal"}) != nullptr ||
                                  prediction->string_at({"acceptance"}).starts_with("not ")))
      code = refused;
    if (client.output == Output::json || client.output == Output::yaml) continue;
    put(paint("contract/" + std::string(result.string_at({"name"})), Colour::bold, t) + "\n");
    if (prediction == nullptr) {
      put("  nothing would become of it: it is as it would be, reserved, or has ended\n");
      continue;
    }
    put(prediction_text(*prediction, "  ", t));
    if (prediction->at({"refusal"}) != nullptr) continue;
    for (const Document& d : *documents)
      if (d.kind == &contract_kind() && d.name == result.string_at({"name"})) put(basis_of(d.body));
  }
  if (found == 0) return complain_usage({Reason::bad_request, "there is no Contract to quote"});
  return code;
}

int offers(const ClientOptions& client, const std::string& contract) {
  Named named{&contract_kind(), {}};
  if (!contract.empty()) {
    auto parsed = parse_name(contract, &contract_kind());
    if (!parsed) return complain_usage(parsed.error());
    named = *parsed;
  }
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto all = offers_of(**session, named.name);
  if (!all) return complain(all.error());
  if (!named.name.empty() && all->empty()) {
    const auto there = (*session)->get((*session)->target(contract_kind(), named.name));
    if (!there) return complain(there.error());
  }
  if (client.output == Output::json || client.output == Output::yaml) {
    put(list_document(*all, client.output));
    return done;
  }
  if (client.output == Output::name) {
    for (const api::Object& o : *all) put(title(o.kind(), o.meta().name) + "\n");
    return done;
  }
  if (all->empty()) {
    put(named.name.empty() ? "No offers found.\n"
                           : "No offers found; see freehold why contract/" + named.name + "\n",
        stderr);
    return done;
  }
  Table table({"NAME", "CONTRACT", "PHASE", "PRICE", "EXPIRES", "NODES"});
  const Time now = (*session)->loop().now();
  for (const api::Object& object : *all) {
    const auto& o = *object.as<api::Offer>();
    std::string nodes;
    for (const api::PlacementLine& line : o.spec.placement)
      if (("," + nodes + ",").find("," + line.node + ",") == std::string::npos)
        nodes += (nodes.empty() ? "" : ",") + line.node;
    const bool held = o.status.phase == api::OfferPhase::held;
    table.add({o.metadata.name, o.spec.contract, api::enum_text(o.status.phase),
               o.spec.price_per_hour.is_set() ? o.spec.price_per_hour.text() : "<none>",
               held && o.spec.expires > now ? "in " + format_age(o.spec.expires - now) : "-",
               nodes});
  }
  put(table.text(terminal(stdout)));
  return done;
}

int accept(const ClientOptions& client, const AcceptOptions& options) {
  const auto named = parse_name(options.contract, &contract_kind());
  if (!named) return complain_usage(named.error());
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto target = (*session)->target(contract_kind(), named->name);
  if (const auto there = (*session)->get(target); !there) return complain(there.error());
  const bool is_named = !options.offer.empty();
  const auto offer = is_named ? named_offer(**session, named->name, options.offer)
                              : held_offer(**session, named->name);
  if (!offer) {
    const int code = complain(offer.error());
    // Without an offer that can be accepted the contract is refused; one that is not there is not.
    return offer.error().reason == (is_named ? Reason::conflict : Reason::not_found) ? refused
                                                                                     : code;
  }
  json::Object how;
  how["mode"] = "manual";
  how["offer"] = *offer;
  const auto patched = (*session)->patch(target, spec_patch("accept", std::move(how)));
  if (!patched) return complain(patched.error());
  put("contract/" + named->name + " accepts offer " + *offer + "\n");
  return done;
}

int release(const ClientOptions& client, const ReleaseOptions& options) {
  const auto named = parse_name(options.contract, &contract_kind());
  if (!named) return complain_usage(named.error());
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto target = (*session)->target(contract_kind(), named->name);
  const auto patched = (*session)->patch(target, spec_patch("release", true));
  if (!patched) return complain(patched.error());
  if (!options.wait) {
    put("contract/" + named->name + " is being released\n");
    return done;
  }
  std::string text;
  const auto settled =
      wait_until(**session, target, options.timeout, [&](const api::Object* now) -> Result<bool> {
        const auto* contract = now != nullptr ? now->as<api::Contract>() : nullptr;
        if (contract == nullptr)
          return Error{Reason::not_found, "contract \"" + named->name + "\" was deleted"};
        if (contract->status.phase != api::ContractPhase::settled) return false;
        text = statement_text(*contract, terminal(stdout));
        return true;
      });
  if (!settled) return complain(settled.error());
  put(text);
  return done;
}

int statement(const ClientOptions& client, const std::string& contract) {
  const auto named = parse_name(contract, &contract_kind());
  if (!named) return complain_usage(named.error());
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const auto object = (*session)->get((*session)->target(contract_kind(), named->name));
  if (!object) return complain(object.error());
  const auto& c = *object->as<api::Contract>();
  if (client.output == Output::json || client.output == Output::yaml) {
    const json::Value whole = api::to_json(*object);
    const json::Value* final = whole.at({"status", "statement"});
    const json::Value* so_far = whole.at({"status", "guarantees"});
    json::Object interim;
    interim["interim"] = true;
    interim["guarantees"] = so_far != nullptr ? *so_far : json::Value(json::Array());
    put(document(final != nullptr ? *final : json::Value(std::move(interim)), client.output));
    return done;
  }
  put(statement_text(c, terminal(stdout)));
  return done;
}

}  // namespace freehold::cli
