#include "cli/documents.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "api/registry.h"
#include "base/limits.h"
#include "json/yaml.h"

namespace freehold::cli {

namespace {

constexpr size_t set_bytes = limits::body_bytes - 1024;  // what stands around the objects
constexpr size_t most_input_bytes = size_t{64} << 20;    // more is no set of objects

Result<std::vector<std::string>> files_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (path == "-" || !fs::is_directory(path, code)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, code)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".yaml" || ending == ".yml" || ending == ".json")
      files.push_back(entry.path().string());
  }
  if (code) return Error{Reason::unavailable, "cannot read " + path + ": " + code.message()};
  if (files.empty())
    return Error{Reason::bad_request, path + " holds no .yaml, .yml or .json file"};
  std::sort(files.begin(), files.end());
  return files;
}

Result<void> add_document(json::Value body, const std::string& ns, std::vector<Document>& out) {
  const std::string kind(body.string_at({"kind"}));
  const std::string version(body.string_at({"apiVersion"}));
  if (const json::Value* items = body.at({"items"});
      items && items->as_array() && kind.ends_with("List")) {
    for (const json::Value& item : *items->as_array()) TRY(add_document(item, ns, out));
    return {};
  }
  if (kind.empty() || version.empty())
    return Error{Reason::bad_request, "a document needs apiVersion and kind"};
  Document document;
  document.kind = api::find_document(version, kind);
  if (document.kind == nullptr)
    return Error{Reason::bad_request, "no kind \"" + kind + "\" in version \"" + version + "\""};
  document.name = body.string_at({"metadata", "name"});
  if (document.kind->namespaced) {
    document.ns = body.string_at({"metadata", "namespace"});
    if (document.ns.empty()) {
      document.ns = ns;
      json::Value& metadata = (*body.as_object())["metadata"];
      if (metadata.as_object() == nullptr) metadata = json::Object();
      (*metadata.as_object())["namespace"] = ns;
    }
  }
  document.body = std::move(body);
  out.push_back(std::move(document));
  return {};
}

size_t rank(const api::Kind* kind) {
  const auto all = api::kinds();
  return static_cast<size_t>(std::find(all.begin(), all.end(), kind) - all.begin());
}

}  // namespace

Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& ns) {
  std::vector<Document> out;
  const size_t start = text.find_first_not_of(" \t\r\n");
  // Several documents of JSON are a stream of YAML; no JSON has a line that begins with dashes.
  const bool is_stream = text.find("\n---") != std::string_view::npos;
  if (start != std::string_view::npos && text[start] == '{' && !is_stream) {
    TRY(add_document(TRY(json::parse(text)), ns, out));
    return out;
  }
  for (json::Value& body : TRY(json::parse_yaml(text))) TRY(add_document(std::move(body), ns, out));
  return out;
}

Result<std::string> read_whole(const std::string& file) {
  std::error_code code;
  if (file != "-" && std::filesystem::is_directory(file, code))
    return Error{Reason::bad_request, file + " is a directory; give a file"};
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened)
      return Error{Reason::not_found, "cannot read " + file + ": " + std::strerror(errno)};
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer), in.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(in.gcount()));
    if (text.size() > most_input_bytes)
      return Error{Reason::too_large,
                   (file == "-" ? "standard input" : file) + " is larger than 64 MiB"};
  }
  return text;
}

Result<std::vector<Document>> read_documents(const std::vector<std::string>& files,
                                             const std::string& ns) {
  std::vector<Document> out;
  for (const std::string& named : files)
    for (const std::string& file : TRY(files_of(named))) {
      const std::string text = TRY(read_whole(file));
      auto documents = parse_documents(text, ns);
      if (!documents) return std::move(documents).error().within(file);
      std::move(documents->begin(), documents->end(), std::back_inserter(out));
    }
  if (out.empty()) return Error{Reason::bad_request, "there is no object in what was given"};
  std::stable_sort(out.begin(), out.end(), [](const Document& a, const Document& b) {
    return rank(a.kind) < rank(b.kind);
  });
  return out;
}

std::vector<json::Array> sets_of(std::vector<Document> documents) {
  std::vector<json::Array> sets(1);
  size_t bytes = 0;
  for (Document& d : documents) {
    const size_t more = json::print(d.body).size() + 1;
    if (bytes + more > set_bytes && !sets.back().empty()) {
      sets.emplace_back();
      bytes = 0;
    }
    bytes += more;
    sets.back().push_back(std::move(d.body));
  }
  return sets;
}

Result<json::Array> one_set(std::vector<Document> documents, std::string_view what) {
  auto sets = sets_of(std::move(documents));
  const json::Array& first = sets.front();
  const bool is_one_too_large = first.size() == 1 && json::print(first.front()).size() > set_bytes;
  if (sets.size() == 1 && !is_one_too_large) return std::move(sets.front());
  return Error{Reason::too_large,
               std::string(what) + " holds at most 3 MiB; give fewer files at once"};
}

}  // namespace freehold::cli
