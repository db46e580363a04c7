#include "agent/host_saver.h"

#include <unistd.h>

#include <utility>

#include "agent/host_files.h"
#include "base/log.h"

namespace freehold::agent {

Saver::Saver(std::string directory)
    : directory_(std::move(directory)), thread_([this] { work(); }) {}

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

void Saver::carry_out(const std::string& name, const Change& change) const {
  const std::string path = directory_ + "/" + name;
  if (!change) {
    ::unlink(path.c_str());
    return;
  }
  if (auto done = write_atomic(path, *change); !done.ok())
    log(LogLevel::error, "agent", "cannot save", {{"file", path}, {"error", done.error().message}});
}

void Saver::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    writing_ = std::move(waiting_);
    waiting_.clear();
    lock.unlock();
    for (const auto& [name, change] : writing_) carry_out(name, change);
    lock.lock();
    writing_.clear();
  }
}

}  // namespace freehold::agent
