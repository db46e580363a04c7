#include "server/strategic.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/patch.h"

namespace freehold::server {

namespace {

// Every item is compared with every other, so both are few: far above what the kinds allow.
constexpr size_t most_items = 1'024;

constexpr MergedList lists[] = {{"metadata", "finalizers", ""},
                                {"metadata", "ownerReferences", "uid"},
                                {"", "secrets", "name"},
                                {"", "imagePullSecrets", "name"}};

bool is_same(const MergedList& list, const json::Value& a, const json::Value& b) {
  return list.key.empty() ? a == b : a.string_at({list.key}) == b.string_at({list.key});
}

json::Object* object_at(json::Value& document, std::string_view parent) {
  json::Object* root = document.as_object();
  if (root == nullptr || parent.empty()) return root;
  json::Value* inside = root->find(parent);
  return inside == nullptr ? nullptr : inside->as_object();
}

// What a patch says of one list. Each may be absent.
struct Wish {
  json::Value items, order, removed;
  bool is_empty() const { return items.is_null() && order.is_null() && removed.is_null(); }
};

Result<void> take_array(json::Object& from, const std::string& name, json::Value& into) {
  json::Value* value = from.find(name);
  if (value == nullptr) return {};
  if (value->as_array() == nullptr)
    return Error{Reason::bad_request, "the patch: \"" + name + "\" must be a list"};
  if (value->as_array()->size() > most_items)
    return Error{Reason::too_large, "the patch: \"" + name + "\" may have at most " +
                                        std::to_string(most_items) + " items"};
  into = std::move(*value);
  from.erase(name);
  return {};
}

// Takes it out of the patch, of which the rest is merged as ever.
Result<Wish> take_wish(json::Object& from, const MergedList& list) {
  Wish wish;
  const std::string name(list.name);
  TRY(take_array(from, "$setElementOrder/" + name, wish.order));
  if (list.key.empty()) TRY(take_array(from, "$deleteFromPrimitiveList/" + name, wish.removed));
  const json::Value* items = from.find(name);
  if (items != nullptr && items->as_array() != nullptr) TRY(take_array(from, name, wish.items));
  return wish;
}

Result<void> merge_items(const MergedList& list, const json::Array& items, json::Array& merged) {
  for (const json::Value& item : items) {
    if (!list.key.empty() && item.string_at({"$patch"}) == "replace") merged.clear();
  }
  for (const json::Value& item : items) {
    const auto same = [&](const json::Value& other) { return is_same(list, other, item); };
    const auto found = std::find_if(merged.begin(), merged.end(), same);
    const bool is_directive = !list.key.empty() && item.at({"$patch"}) != nullptr;
    if (!is_directive) {
      if (found == merged.end())
        merged.push_back(item);
      else
        *found = list.key.empty() ? item : json::merge_patch(std::move(*found), item);
      continue;
    }
    const std::string_view directive = item.string_at({"$patch"});
    if (directive == "delete") {
      if (found != merged.end()) merged.erase(found);
    } else if (directive != "replace") {
      return Error{Reason::bad_request, "the patch: $patch of an item of " +
                                            std::string(list.name) + " must be delete or replace"};
    }
  }
  return {};
}

// The items that `order` names stand in its order, in the places that they had between them; what
// it does not name, because somebody else put it there, keeps its own.
void put_in_order(const MergedList& list, const json::Array& order, json::Array& items) {
  std::vector<std::pair<size_t, size_t>> named;  // by order, the place
  std::vector<size_t> places;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto at = std::find_if(order.begin(), order.end(),
                                 [&](const json::Value& o) { return is_same(list, o, items[i]); });
    if (at == order.end()) continue;
    named.emplace_back(static_cast<size_t>(at - order.begin()), i);
    places.push_back(i);
  }
  std::sort(named.begin(), named.end());
  const json::Array before = items;
  for (size_t i = 0; i < places.size(); ++i) items[places[i]] = before[named[i].second];
}

}  // namespace

std::span<const MergedList> merged_lists() { return lists; }

Result<json::Value> strategic_merge(const json::Value& before, json::Value patch) {
  std::vector<std::pair<const MergedList*, Wish>> wishes;
  for (const MergedList& list : lists) {
    json::Object* parent = object_at(patch, list.parent);
    if (parent == nullptr) continue;
    Wish wish = TRY(take_wish(*parent, list));
    if (!wish.is_empty()) wishes.emplace_back(&list, std::move(wish));
  }
  json::Value after = json::merge_patch(before, patch);
  for (const auto& [list, wish] : wishes) {
    json::Object* parent = object_at(after, list->parent);
    if (parent == nullptr) continue;
    const std::string name(list->name);
    const json::Value* have = parent->find(name);
    const bool was_there = have != nullptr;
    json::Array merged = was_there && have->as_array() ? *have->as_array() : json::Array();
    if (const json::Array* removed = wish.removed.as_array())
      std::erase_if(merged, [&](const json::Value& item) {
        return std::find(removed->begin(), removed->end(), item) != removed->end();
      });
    if (const json::Array* items = wish.items.as_array()) TRY(merge_items(*list, *items, merged));
    if (const json::Array* order = wish.order.as_array()) put_in_order(*list, *order, merged);
    if (was_there || !merged.empty()) (*parent)[name] = std::move(merged);
  }
  return after;
}

}  // namespace freehold::server
