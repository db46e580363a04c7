// Tables: what `kubectl get` prints. Columns come from the kind; Name and Age are everybody's.
#include "server/api_server.h"

namespace freehold::server {

namespace {

json::Value column(std::string_view name, std::string_view type, std::string_view format,
                   std::string_view doc, int priority) {
  json::Object c;
  c["name"] = name;
  c["type"] = type;
  c["format"] = format;
  c["description"] = doc;
  c["priority"] = priority;
  return c;
}

json::Array columns_of(const api::Kind& kind) {
  json::Array all;
  all.push_back(column("Name", "string", "name", "Name of the object.", 0));
  for (const api::Column& c : kind.columns)
    all.push_back(column(c.name, c.type, c.format, c.doc, c.priority));
  all.push_back(column("Age", "string", "", "Time since the object was made.", 0));
  return all;
}

json::Value row_of(const api::Kind& kind, const api::Object& object, Time now, Include include) {
  json::Array cells;
  cells.emplace_back(object.meta().name);
  for (const api::Column& c : kind.columns) cells.emplace_back(c.cell(object.data(), now));
  const Time made = object.meta().creation_timestamp;
  cells.emplace_back(made.is_set() ? format_age(std::max(now - made, microseconds(0)))
                                   : "<unknown>");
  json::Object row;
  row["cells"] = std::move(cells);
  if (include == Include::object)
    row["object"] = api::to_json(object);
  else if (include == Include::metadata)
    row["object"] = partial_of(object);
  else
    row["object"] = nullptr;
  return row;
}

}  // namespace

json::Value partial_of(const api::Object& object) {
  json::Object partial;
  partial["kind"] = "PartialObjectMetadata";
  partial["apiVersion"] = "meta.k8s.io/v1";
  const json::Value whole = api::to_json(object);
  if (const json::Value* metadata = whole.at({"metadata"})) partial["metadata"] = *metadata;
  return partial;
}

Result<TableOptions> table_options(const http::Request& request) {
  TableOptions options;
  const std::string_view include = request.parameter("includeObject").value_or("Metadata");
  if (include == "None")
    options.include = Include::none;
  else if (include == "Object")
    options.include = Include::object;
  else if (include != "Metadata" && !include.empty())
    return Error{Reason::bad_request, "includeObject must be None, Metadata or Object"};
  return options;
}

json::Value table_of(const api::Kind& kind, const std::vector<const api::Object*>& rows, Time now,
                     const TableOptions& options, const json::Object& list_metadata) {
  json::Object table;
  table["kind"] = "Table";
  table["apiVersion"] = "meta.k8s.io/v1";
  table["metadata"] = list_metadata;
  table["columnDefinitions"] =
      options.definitions ? json::Value(columns_of(kind)) : json::Value(nullptr);
  json::Array out;
  for (const api::Object* object : rows) out.push_back(row_of(kind, *object, now, options.include));
  table["rows"] = std::move(out);
  return table;
}

}  // namespace freehold::server
