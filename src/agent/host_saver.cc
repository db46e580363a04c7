#include "agent/host_saver.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "agent/host_files.h"
#include "base/log.h"

namespace freehold::agent {

Saver::Saver(std::string directory, std::chrono::milliseconds retry)
    : directory_(std::move(directory)), retry_(retry), thread_([this] { work(); }) {}

Saver::~Saver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Saver::put(const std::string& name, Change change) {
  {
    const std::lock_guard lock(mutex_);
    waiting_[name] = std::move(change);
  }
  wake_.notify_one();
}

void Saver::save(const std::string& name, std::string content) { put(name, std::move(content)); }
void Saver::erase(const std::string& name) { put(name, std::nullopt); }

Result<std::string> Saver::load(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto* queue : {&waiting_, &writing_}) {
      const auto found = queue->find(name);
      if (found == queue->end()) continue;
      if (found->second) return *found->second;
      return Error{Reason::not_found, name + " is not there", {}};
    }
  }
  return read_file(directory_ + "/" + name, 16u << 20);
}

// False: the disk refused it.
bool Saver::carry_out(const std::string& name, const Change& change) {
  const std::string path = directory_ + "/" + name;
  if (!change) {
    ::unlink(path.c_str());
    return true;
  }
  const auto done = write_atomic(path, *change);
  // Said once for each time that it begins.
  if (!done.ok() && !refused_)
    log(LogLevel::error, "agent", "cannot save; trying again",
        {{"file", path}, {"error", done.error().message}});
  refused_ = !done.ok();
  return done.ok();
}

// What was not carried out waits again, unless something newer of its name does.
void Saver::put_back() {
  for (auto& [name, change] : writing_) waiting_.try_emplace(name, std::move(change));
  writing_.clear();
}

void Saver::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const bool is_last = stopping_;
    writing_ = std::move(waiting_);
    waiting_.clear();
    lock.unlock();
    std::vector<std::string> done;
    for (const auto& [name, change] : writing_) {
      if (!carry_out(name, change)) break;  // the rest may build on it
      done.push_back(name);
    }
    lock.lock();
    for (const std::string& name : done) writing_.erase(name);
    const bool refused = !writing_.empty();
    put_back();
    if (refused && is_last) return;
    if (refused) wake_.wait_for(lock, retry_, [this] { return stopping_; });
  }
}

}  // namespace freehold::agent
