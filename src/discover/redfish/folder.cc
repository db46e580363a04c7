#include "discover/redfish/folder.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "discover/redfish/limits.h"

namespace freehold::discover::redfish {

namespace {

constexpr std::string_view file_name = "index.json";

struct File {
  std::string folder;  // "" or "/Chassis/1U"
  std::string id{};    // what it calls itself; empty: it does not say
  std::string type{};
};

// Every index.json below the root, ascending by folder. Bounded: links may make a tree endless.
Result<std::vector<std::string>> folders(const Root& root) {
  std::vector<std::string> found, open{""};
  size_t seen = 0;
  while (!open.empty()) {
    const std::string folder = std::move(open.back());
    open.pop_back();
    const auto names = root.list_dir(folder.empty() ? "/" : folder);
    if (!names) {
      if (folder.empty()) return names.error();
      continue;  // a file, or one that must not be read
    }
    for (const std::string& name : *names) {
      if (name == file_name) {
        found.push_back(folder);
      } else if (!name.ends_with(".json") &&
                 std::ranges::count(folder, '/') + 1 < static_cast<long>(limits::folder_depth)) {
        open.push_back(folder + "/" + name);
      }
      if (++seen > limits::folders)
        return Error{Reason::too_large, "the tree has more than " +
                                            std::to_string(limits::folders) + " files and folders"};
    }
  }
  std::ranges::sort(found);
  return found;
}

std::string path_of(const std::string& folder) { return folder + "/" + std::string(file_name); }

// Folders by "@odata.id". Where a document does not say its id, or another that stands in the right
// place says the same one, its folder below that of the service root stands for it.
class Index {
 public:
  Index(const Root& root, const std::vector<std::string>& folders) : root_(root) {
    std::vector<File> files;
    for (const std::string& folder : folders) files.push_back(read(folder));
    auto service = std::ranges::find(files, "ServiceRoot", &File::type);
    if (service == files.end()) service = std::ranges::find(files, root_id, &File::id);
    if (service == files.end()) return;
    base_ = service->folder;
    folder_by_id_.emplace(root_id, service->folder);
    for (const File& file : files)
      if (!file.id.empty() && file.id == id_of(file.folder))
        folder_by_id_.emplace(file.id, file.folder);
    for (const File& file : files) {
      types_.emplace(file.folder, file.type);
      if (file.id.empty()) ++unnamed_;
      if (!file.id.empty()) folder_by_id_.emplace(file.id, file.folder);
    }
    for (const File& file : files)
      if (const std::string id = id_of(file.folder); !id.empty())
        folder_by_id_.emplace(id, file.folder);
  }

  Result<std::string> get(const std::string& id) {
    const auto at = folder_by_id_.find(id);
    if (at == folder_by_id_.end())
      return Error{Reason::not_found, "there is no such document in the tree"};
    read_.insert(at->second);
    return root_.read_file(path_of(at->second), limits::document_bytes);
  }

  // What the crawl could not know.
  void add_notes(std::vector<std::string>& notes) const {
    if (unnamed_ > 0)
      notes.push_back(std::to_string(unnamed_) +
                      " documents without an @odata.id: their folders stand for it");
    std::map<std::string, int64_t> left;
    for (const auto& [folder, type] : types_)
      if (!read_.contains(folder) && is_hardware(type)) ++left[type];
    for (const auto& [type, count] : left)
      notes.push_back(std::to_string(count) + " documents of type " + type +
                      " are in the tree, but no link leads to them: left out");
  }

 private:
  File read(const std::string& folder) const {
    File file{.folder = folder};
    const auto text = root_.read_file(path_of(folder), limits::document_bytes);
    if (!text) return file;
    const auto body = json::parse(*text);
    if (!body) return file;
    file.id = local_id(body->string_at({"@odata.id"}));
    file.type = type_of(*body);
    return file;
  }
  std::string id_of(const std::string& folder) const {
    if (!folder.starts_with(base_)) return {};
    return std::string(root_id) + folder.substr(base_.size());
  }

  const Root& root_;
  std::string base_;
  std::map<std::string, std::string, std::less<>> folder_by_id_;
  std::map<std::string, std::string, std::less<>> types_;  // by folder
  std::set<std::string, std::less<>> read_;                // folders
  int64_t unnamed_ = 0;
};

}  // namespace

Result<Survey> survey_folder(const Root& root) {
  const auto found = TRY(folders(root));
  if (found.empty())
    return Error{Reason::not_found, root.path() + ": there is no index.json below it"};
  Index index(root, found);
  const Crawl crawl = redfish::crawl([&](const std::string& id) { return index.get(id); });
  if (auto outcome = crawl.outcome(); !outcome)
    return std::move(outcome).error().within(root.path());
  Survey out = survey(crawl);
  index.add_notes(out.notes);
  return out;
}

}  // namespace freehold::discover::redfish
