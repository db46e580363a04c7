#include "cli/objects.h"

namespace freehold::cli {

Result<api::Object> object_of(const Document& document) {
  api::Object object(*document.kind);
  schema::Errors errors;
  const std::string title =
      std::string(document.kind->singular) + "/" +
      (document.name.empty() ? std::string("(without a name)") : document.name);
  auto outcome = api::read_object(object, document.body, errors);
  if (!outcome) return std::move(outcome).error().within(title);
  if (!outcome->empty())
    return Error{Reason::bad_request, outcome->messages().front()}.within(title);
  if (document.name.empty())
    errors.add(schema::Fault::required, "metadata.name", "an object needs a name");
  if (errors.empty()) api::validate(object, errors);
  if (!errors.empty()) return errors.to_error(document.kind->name, document.name);
  return object;
}

std::string list_document(const std::vector<api::Object>& objects, Output output) {
  json::Array items;
  for (const api::Object& object : objects) items.push_back(api::to_json(object));
  json::Object list;
  list["apiVersion"] = "v1";
  list["kind"] = "List";
  list["items"] = std::move(items);
  return document(json::Value(std::move(list)), output);
}

}  // namespace freehold::cli
