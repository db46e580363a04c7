// get: objects as the server's tables, as documents, or as they change. explain: what fields mean.
#include <algorithm>

#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "schema/openapi.h"

namespace freehold::cli {

namespace {

constexpr std::string_view table_form = "application/json;as=Table;v=v1;g=meta.k8s.io";

// The rows of a Table of the server, with a column for the namespace where there are several.
struct TableView {
  std::vector<std::string> headers;
  std::vector<size_t> chosen;
  std::vector<size_t> widths;
  bool with_namespace = false;

  void read_columns(const json::Value& table, Output output) {
    const json::Value* columns = table.at({"columnDefinitions"});
    if (columns == nullptr || columns->as_array() == nullptr || !headers.empty()) return;
    if (with_namespace) headers.push_back("NAMESPACE");
    size_t i = 0;
    for (const json::Value& c : *columns->as_array()) {
      const json::Value* priority = c.at({"priority"});
      if (output == Output::wide || priority == nullptr || priority->number() == 0) {
        std::string name(c.string_at({"name"}));
        for (char& letter : name)
          if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
        headers.push_back(std::move(name));
        chosen.push_back(i);
      }
      ++i;
    }
  }

  void add_rows(const json::Value& table, Table& out) const {
    const json::Value* rows = table.at({"rows"});
    if (rows == nullptr || rows->as_array() == nullptr) return;
    for (const json::Value& row : *rows->as_array()) {
      std::vector<std::string> line;
      if (with_namespace) line.emplace_back(row.string_at({"object", "metadata", "namespace"}));
      const json::Value* cells = row.at({"cells"});
      for (const size_t i : chosen) {
        if (cells == nullptr || cells->as_array() == nullptr || i >= cells->as_array()->size())
          break;
        const json::Value& cell = (*cells->as_array())[i];
        line.push_back(cell.as_string() ? *cell.as_string() : json::print(cell));
      }
      out.add(std::move(line));
    }
  }
};

http::Request request_for(const Session& session, const Named& named, const GetOptions& o,
                          std::string_view form) {
  client::Target target = session.target(*named.kind, named.name);
  if (o.all_namespaces) target.ns.clear();
  http::Request request;
  request.path = client::path_of(target);
  request.headers["accept"] = form;
  if (!o.label_selector.empty()) request.query.emplace_back("labelSelector", o.label_selector);
  if (!o.field_selector.empty()) request.query.emplace_back("fieldSelector", o.field_selector);
  return request;
}

Result<std::string> print_table(Session& session, const Named& named, const GetOptions& o,
                                Output output, TableView& view) {
  view.with_namespace = o.all_namespaces && named.kind->namespaced;
  const json::Value answer = TRY(session.send(request_for(session, named, o, table_form)));
  view.read_columns(answer, output);
  Table table(view.headers);
  view.add_rows(answer, table);
  const auto headers = o.headers ? Table::Headers::shown : Table::Headers::hidden;
  if (table.empty())
    put("No " + std::string(named.kind->plural) + " found.\n", stderr);
  else
    put(table.text(terminal(stdout), headers, &view.widths));
  return std::string(answer.string_at({"metadata", "resourceVersion"}));
}

void print_names(const json::Value& answer, const api::Kind& kind) {
  const auto line = [&](const json::Value& object) {
    put(title(kind, object.string_at({"metadata", "name"})) + "\n");
  };
  if (const json::Value* items = answer.at({"items"}); items && items->as_array())
    for (const json::Value& item : *items->as_array()) line(item);
  else
    line(answer);
}

// Prints each change until the server or the person ends it.
Result<void> follow(Session& session, const Named& named, const GetOptions& o, Output output,
                    TableView& view, const std::string& from) {
  const bool table = output == Output::table || output == Output::wide;
  GetOptions query = o;
  Named collection = named;
  if (!named.name.empty()) {
    query.field_selector += query.field_selector.empty() ? "" : ",";
    query.field_selector += "metadata.name=" + named.name;
    collection.name.clear();
  }
  http::Request request = request_for(session, collection, query,
                                      table ? table_form : std::string_view("application/json"));
  request.query.emplace_back("watch", "true");
  request.query.emplace_back("resourceVersion", from);
  const auto take = [&](std::string_view line) {
    const auto event = json::parse(line);
    const json::Value* object = event ? event->at({"object"}) : nullptr;
    if (object == nullptr || event->string_at({"type"}) == "BOOKMARK") return;
    if (event->string_at({"type"}) == "ERROR") {
      put("freehold: " + printable(object->string_at({"message"})) + "\n", stderr);
    } else if (table) {
      view.read_columns(*object, output);
      Table rows(view.headers);
      view.add_rows(*object, rows);
      put(rows.text(terminal(stdout), Table::Headers::hidden, &view.widths));
    } else if (output == Output::name) {
      print_names(*object, *named.kind);
    } else {
      put((output == Output::yaml ? "---\n" : "") + document(*object, output));
    }
  };
  http::LineSplitter lines;
  std::unique_ptr<http::Call> call;
  int status = 200;
  std::string refusal;
  return session.await<void>([&](auto done) {
    http::StreamEvents events;
    events.on_head = [&](const http::Response& head) { status = head.status; };
    events.on_data = [&, done](std::string_view chunk) {
      if (status >= 400)
        refusal += chunk;
      else if (auto fed = lines.feed(chunk, take); !fed)
        done(fed.error());
    };
    events.on_end = [&, done](Result<void> end) {
      if (status >= 400) return done(client::error_of({status, {}, http::bytes(refusal)}));
      done(std::move(end));
    };
    call = session.transport().stream(std::move(request), std::move(events));
  });
}

Result<void> get_documents(Session& session, const std::vector<Named>& all, const GetOptions& o,
                           Output output, std::string& version) {
  json::Array found;
  for (const Named& named : all) {
    json::Value answer = TRY(session.send(request_for(session, named, o, "application/json")));
    version = answer.string_at({"metadata", "resourceVersion"});
    if (output == Output::name)
      print_names(answer, *named.kind);
    else
      found.push_back(std::move(answer));
  }
  if (output == Output::name) return {};
  if (found.size() == 1) {
    put(document(found.front(), output));
    return {};
  }
  json::Array items;
  for (json::Value& answer : found) {
    const json::Value* inner = answer.at({"items"});
    if (inner == nullptr || inner->as_array() == nullptr) {
      items.push_back(std::move(answer));
      continue;
    }
    for (const json::Value& item : *inner->as_array()) items.push_back(item);
  }
  json::Object list;
  list["apiVersion"] = "v1";
  list["kind"] = "List";
  list["items"] = std::move(items);
  put(document(list, output));
  return {};
}

}  // namespace

int get(const ClientOptions& client, const GetOptions& options) {
  const auto names = parse_names(options.names);
  if (!names) return complain_usage(names.error());
  if (options.watch && names->size() > 1)
    return complain_usage({Reason::bad_request, "only one kind or object can be watched at once"});
  if (options.all_namespaces && !names->front().name.empty())
    return complain_usage({Reason::bad_request, "--all-namespaces goes with a kind, not a name"});
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  TableView view;
  std::string version;
  int code = done;
  if (client.output != Output::table && client.output != Output::wide) {
    auto got = get_documents(**session, *names, options, client.output, version);
    if (!got) return complain(got.error());
  } else {
    for (size_t i = 0; i < names->size(); ++i) {
      // Named objects of one kind share a table's columns; another kind has its own.
      if (i > 0 && (*names)[i].kind != (*names)[i - 1].kind) {
        put("\n");
        view = {};
      }
      GetOptions each = options;
      each.headers = options.headers && (i == 0 || (*names)[i].kind != (*names)[i - 1].kind);
      auto got = print_table(**session, (*names)[i], each, client.output, view);
      if (!got)
        code = complain(got.error());
      else
        version = *got;
    }
  }
  if (!options.watch || code != done) return code;
  auto end = follow(**session, names->front(), options, client.output, view, version);
  return end ? done : complain(end.error());
}

int explain(const std::string& path) {
  const size_t dot = path.find('.');
  // "contracts.freehold.dev" is a kind too.
  auto kind = find_kind(path);
  std::string rest;
  if (!kind) {
    kind = find_kind(path.substr(0, dot));
    if (dot != std::string::npos) rest = path.substr(dot + 1);
  }
  if (!kind) return complain_usage(kind.error());
  const std::string text = schema::explain(*(*kind)->type, rest);
  if (text.empty())
    return complain_usage({Reason::bad_request, "kind " + std::string((*kind)->name) +
                                                    " has no field \"" + rest + "\""});
  put(text);
  return done;
}

}  // namespace freehold::cli
