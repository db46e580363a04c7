// import: what other tools' files say about machines and fabrics, as objects for apply or as a
// summary. Needs no server.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/import_text.h"
#include "discover/import/dot.h"
#include "discover/import/import.h"
#include "discover/import/resourceslice.h"
#include "discover/redfish/inventory.h"
#include "runtime/loop.h"

namespace freehold::cli {

namespace {

struct Source {
  const discover::Importer* importer = nullptr;
  std::string file;
};

std::string all_formats() {
  std::string out;
  for (const discover::Importer& importer : discover::importers())
    out += (out.empty() ? "" : ", ") + std::string(importer.format);
  return out;
}

// Words that name a format switch to it; all others are files.
Result<std::vector<Source>> sources_of(const std::vector<std::string>& words) {
  std::vector<Source> out;
  const discover::Importer* importer = nullptr;
  bool has_file = true;
  const auto bare = [&] {
    return Error{Reason::bad_request, std::string(importer->format) + " needs a file"};
  };
  for (const std::string& word : words) {
    if (const discover::Importer* named = discover::find_importer(word)) {
      if (!has_file) return bare();
      importer = named;
      has_file = false;
      continue;
    }
    if (importer == nullptr)
      return Error{Reason::bad_request, "there is no format \"" + printable(word) +
                                            "\"; the first word is one of " + all_formats()};
    out.push_back({importer, word});
    has_file = true;
  }
  if (!has_file) return bare();
  return out;
}

std::string stem_of(const std::string& file) {
  if (file == "-") return "stdin";
  std::string_view path = file;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::string_view stem = path.substr(path.rfind('/') + 1);
  if (const size_t dot = stem.rfind('.'); dot != stem.npos && dot > 0) stem = stem.substr(0, dot);
  return discover::label_of(stem);
}

// On a terminal, which file is being read, where that may take more than a second.
class ReadingLine {
 public:
  explicit ReadingLine(size_t files) : began_(clock_.uptime()), files_(files) {}
  ~ReadingLine() {
    if (shown_) put("\r\033[K", stderr);
  }
  void next(const std::string& file, size_t bytes) {
    ++at_;
    const bool may_last = bytes > large_bytes || clock_.uptime() - began_ > seconds(1);
    if (!may_last || !terminal(stderr).is_terminal) return;
    shown_ = true;
    put("\r\033[Kreading " + std::to_string(at_) + " of " + std::to_string(files_) + ": " +
            printable(file),
        stderr);
  }

 private:
  static constexpr size_t large_bytes = size_t{4} << 20;
  Loop clock_;
  Duration began_;
  size_t files_, at_ = 0;
  bool shown_ = false;
};

// A live one says when it was looked at: now.
Result<discover::Inventory> read_controller(const std::string& url, const ImportCommand& command,
                                            discover::ImportOptions options) {
  if (command.name.empty()) options.name = discover::label_of(url.substr(url.find("://") + 3));
  RedfishTarget target = command.controller;
  target.target = url;
  auto inventory = discover::redfish::inventory(TRY(survey_target(target)), options);
  inventory.at = Loop().now();
  for (discover::HostFacts& host : inventory.hosts) {
    if (!host.power.source.empty()) host.power.at = inventory.at;
    for (api::NodeDevice& device : host.devices)
      if (!device.power.source.empty()) device.power.at = inventory.at;
  }
  for (api::PowerDomain& domain : inventory.power_domains)
    if (!domain.status.meter.source.empty()) domain.status.meter.at = inventory.at;
  return inventory;
}

discover::ImportOptions options_of(const Source& source, const ImportCommand& command) {
  discover::ImportOptions options;
  options.file = source.file;
  options.site = command.site;
  options.name = command.name.empty() ? stem_of(source.file) : command.name;
  if (options.name.empty()) options.name = "imported";
  return options;
}

// A file about one machine takes the name; with several, or with a fabric, they keep their own.
Result<void> name_machines(discover::Inventory& inventory, const Source& source,
                           const ImportCommand& command) {
  inventory.file = source.file;
  const std::string name = options_of(source, command).name;
  for (discover::HostFacts& host : inventory.hosts) {
    if (host.name.empty()) host.name = name;
    if (command.name.empty() || !inventory.fabrics.empty()) continue;
    if (inventory.hosts.size() > 1)
      return Error{Reason::invalid, source.file + " is about " +
                                        std::to_string(inventory.hosts.size()) +
                                        " machines; --name fits one"};
    host.name = command.name;
  }
  return {};
}

bool is_slices(const Source& source) { return source.importer->format == "resourceslice"; }

// Slices of one pool may lie in several files, so all of them are read together.
Result<std::vector<discover::Inventory>> read_slices(const std::vector<Source>& sources,
                                                     ReadingLine& line) {
  std::vector<std::string> texts;
  std::vector<discover::SliceFile> files;
  for (const Source& source : sources) {
    if (!is_slices(source)) continue;
    texts.push_back(TRY(read_whole(source.file)));
    line.next(source.file, texts.back().size());
    files.push_back({"", source.file});
  }
  for (size_t i = 0; i < files.size(); ++i) files[i].text = texts[i];
  return discover::import_resourceslices(files);
}

Result<discover::Inventory> read_source(const Source& source, const ImportCommand& command,
                                        ReadingLine& line) {
  const discover::ImportOptions options = options_of(source, command);
  const discover::Importer& importer = *source.importer;
  discover::Inventory inventory;
  if (importer.format == "redfish" && is_url(source.file)) {
    line.next(source.file, 0);
    inventory = TRY(read_controller(source.file, command, options));
  } else if (importer.read_tree != nullptr) {
    line.next(source.file, 0);
    inventory = TRY(importer.read_tree(discover::Root(source.file), options));
  } else {
    const std::string text = TRY(read_whole(source.file));
    line.next(source.file, text.size());
    inventory = TRY(importer.read_text(text, options));
  }
  return inventory;
}

// One for each source, in their order.
Result<std::vector<discover::Inventory>> read_sources(const std::vector<Source>& sources,
                                                      const ImportCommand& command) {
  ReadingLine line(sources.size());
  std::vector<discover::Inventory> slices, out;
  if (std::ranges::any_of(sources, is_slices)) slices = TRY(read_slices(sources, line));
  auto next_slices = slices.begin();
  for (const Source& source : sources) {
    if (is_slices(source))
      out.push_back(std::move(*next_slices++));
    else
      out.push_back(TRY(read_source(source, command, line)));
    TRY(name_machines(out.back(), source, command));
  }
  return out;
}

json::Value list_of(const std::vector<api::Object>& objects) {
  json::Array items;
  for (const api::Object& object : objects) items.push_back(api::to_json(object));
  json::Object out;
  out["apiVersion"] = "v1";
  out["kind"] = "List";
  out["items"] = std::move(items);
  return json::Value(std::move(out));
}

}  // namespace

std::string import_formats() {
  std::string out = "Formats:\n";
  for (const discover::Importer& importer : discover::importers())
    out += "  " + padded(importer.format, 16) + std::string(importer.doc) + "\n";
  return out + "A file that bears the name of a format is written ./NAME.";
}

int import_files(const ImportCommand& command) {
  const auto sources = sources_of(command.words);
  if (!sources) return complain_usage(sources.error());
  for (const auto& [option, text] :
       std::map<std::string, std::string>{{"--name", command.name}, {"--site", command.site}})
    if (!text.empty() && !is_dns_label(text))
      return complain_usage({Reason::bad_request, option + " is a DNS label such as fra1"});
  auto inventories = read_sources(*sources, command);
  if (!inventories) return complain(inventories.error());
  discover::ImportOptions options;
  options.site = command.site;
  options.name = command.name;
  const auto merged = discover::merge(std::move(*inventories), options);
  if (!merged) return complain(merged.error());
  if (command.form == "dot") {
    put(discover::draw_dot(merged->objects));
  } else if (!command.form.empty()) {
    put(document(list_of(merged->objects), command.form == "json" ? Output::json : Output::yaml));
  } else {
    put(import_summary(merged->objects, terminal(stdout)));
  }
  put(conflicts_text(merged->objects), stderr);
  for (const std::string& note : merged->notes) put("note: " + printable(note) + "\n", stderr);
  return done;
}

}  // namespace freehold::cli
