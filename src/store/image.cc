#include "store/image.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace freehold::store {

namespace {

bool in_range(std::string_view key, const ListOptions& options) {
  return key.starts_with(options.prefix) && (options.after.empty() || key > options.after);
}

}  // namespace

// What a list at an older revision differs in from the current objects, within its range.
struct Image::Undone {
  size_t created = 0, deleted = 0;  // changes since then
  // The first change of a key since then: its `previous` is what the snapshot held.
  std::map<std::string_view, const Change*> first;
};

uint64_t Image::log_size(std::string_view log) const {
  auto it = logs_.find(log);
  return it == logs_.end() ? 0 : it->second.size;
}

std::deque<CommitPtr>::const_iterator Image::history_after(Rev rev) const {
  return std::upper_bound(
      history_.begin(), history_.end(), rev,
      [](Rev wanted, const CommitPtr& commit) { return wanted < commit->last; });
}

Result<Rev> Image::snapshot(Rev at) const {
  if (at == 0 || at == head_) return head_;
  if (at > head_)
    return Error{Reason::timeout, "revision " + std::to_string(at) + " lies ahead of the store's " +
                                      std::to_string(head_)};
  if (at < history_start())
    return Error{Reason::expired, "revision " + std::to_string(at) +
                                      " is older than the history, which starts at " +
                                      std::to_string(history_start()) + "; list anew"};
  // Commits are dense: an end is the revision before a beginning.
  const auto next = history_after(at);
  if (next == history_.end() || (*next)->first != at + 1)
    return Error{Reason::bad_request,
                 "revision " + std::to_string(at) + " lies within a commit; list at its end"};
  return at;
}

Image::Undone Image::undo(Rev at, const ListOptions& options, Table::Place place) const {
  Undone undone;
  const auto begin = history_after(at);
  const auto each = [&](auto&& visit) {
    for (auto commit = begin; commit != history_.end(); ++commit)
      for (const Change& change : (*commit)->changes)
        if (in_range(change.key, options)) visit(change);
  };
  each([&](const Change& change) {
    undone.created += change.previous == nullptr ? 1 : 0;
    undone.deleted += change.value == nullptr ? 1 : 0;
  });
  // Of the entries that come next now, all but those created since were there: so the page ends
  // here at the latest, and changes beyond need not be sorted.
  const Entry* beyond = options.limit == 0
                            ? nullptr
                            : objects_.at(objects_.skip(place, options.limit + undone.created));
  each([&](const Change& change) {
    if (change.previous_rev > at || (beyond != nullptr && change.key > beyond->key)) return;
    undone.first.try_emplace(change.key, &change);
  });
  return undone;
}

Result<Page> Image::list(const ListOptions& options) const {
  Page page;
  page.rev = TRY(snapshot(options.at));
  const std::string end = prefix_end(options.prefix);
  Table::Place place = options.after.empty() || options.after < options.prefix
                           ? objects_.first_not_below(options.prefix)
                           : objects_.first_above(options.after);
  const Table::Place stop = end.empty() ? objects_.end() : objects_.first_not_below(end);
  const Undone undone = undo(page.rev, options, place);

  const size_t now = objects_.rank(stop) - std::min(objects_.rank(place), objects_.rank(stop));
  const size_t total = now + undone.deleted - undone.created;
  const size_t wanted = options.limit == 0 ? total : std::min(options.limit, total);
  page.entries.reserve(wanted);
  auto old = undone.first.begin();
  while (page.entries.size() < wanted) {
    const Entry* entry = place == stop ? nullptr : objects_.at(place);
    if (old != undone.first.end() && (entry == nullptr || old->first <= entry->key)) {
      if (entry != nullptr && old->first == entry->key) place = objects_.next(place);
      const Change& change = *old->second;
      if (change.previous)
        page.entries.push_back({change.key, change.previous_rev, change.created, change.previous});
      ++old;
    } else {
      CHECK(entry != nullptr, "a list counted more entries than there are");
      page.entries.push_back(*entry);
      place = objects_.next(place);
    }
  }
  page.remaining = total - wanted;
  page.more = page.remaining > 0;
  return page;
}

void Image::apply(const CommitPtr& commit) {
  if (commit->changes.empty()) return;
  CHECK(commit->first == head_ + 1, "a commit must continue the revisions");
  CHECK(commit->last == head_ + commit->changes.size(), "revisions must be dense");
  head_ = commit->last;
  for (const Change& change : commit->changes) {
    if (change.value)
      objects_.put({change.key, change.rev, change.created, change.value});
    else
      objects_.erase(change.key);
  }
  history_.push_back(commit);
  history_changes_ += commit->changes.size();
  while (history_changes_ > limits::history_changes && history_.size() > 1) forget_oldest();
}

void Image::append(const Leaf& leaf) {
  LogState& log = logs_[leaf.log];
  CHECK(leaf.index == log.size, "a leaf must continue its log");
  log.size = leaf.index + 1;
  log.root = leaf.root;
}

void Image::compact(Time before) {
  while (history_.size() > 1 && history_.front()->time < before) forget_oldest();
}

void Image::forget_oldest() {
  history_changes_ -= history_.front()->changes.size();
  history_.pop_front();
}

bool Image::load(Parts parts) {
  Rev head = 0;
  for (const CommitPtr& commit : parts.history) {
    if (head != 0 && commit->first != head + 1) return false;
    if (commit->changes.empty() || commit->last != commit->first + commit->changes.size() - 1)
      return false;
    head = commit->last;
    history_changes_ += commit->changes.size();
  }
  for (Table::Place place{}; const Entry* entry = parts.objects.at(place);
       place = parts.objects.next(place))
    if (entry->rev > head || entry->created > entry->rev) return false;
  head_ = head;
  objects_ = std::move(parts.objects);
  history_.assign(parts.history.begin(), parts.history.end());
  logs_ = std::move(parts.logs);
  return true;
}

void Image::load_unchecked(Parts parts) {
  objects_ = std::move(parts.objects);
  logs_ = std::move(parts.logs);
}

}  // namespace freehold::store
