// Writer: the thread that owns the writing SQLite connection. Jobs that wait when it becomes free
// go into one transaction (group commit); what became of them is kept until the loop asks. Public
// functions are for the loop thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/core.h"
#include "store/database.h"

namespace freehold::store {

class Writer {
 public:
  // What became of the oldest `jobs`, or with an error: of all jobs of that epoch.
  struct Outcome {
    uint64_t epoch = 0;
    size_t jobs = 0;
    std::optional<Error> error;
  };

  // `wake` is called on the writer's thread when outcomes wait and the last ones have been taken.
  Writer(std::unique_ptr<Database> database, const Logs& logs, Rev history_start,
         std::function<void()> wake);
  ~Writer();  // writes what it was given, then ends

  // After a failure every job of its epoch is dropped, because it may rest on what was lost.
  void push(JobPtr job, uint64_t epoch);
  std::vector<Outcome> take_outcomes();
  // History up to this revision may be deleted, when there is time.
  void forget(Rev up_to);

 private:
  struct Statements;

  void run();
  void wake_thread();  // from the loop's, when `idle_` was set
  // Waits for jobs; an empty group means that history is to be deleted. False: the end.
  bool next_group(std::vector<JobPtr>& group, uint64_t& epoch);
  void report(Outcome outcome);
  void write_group(const std::vector<JobPtr>& group, uint64_t epoch);
  Result<void> write_jobs(const std::vector<JobPtr>& group);
  Result<void> write_changes(const Commit& commit);
  Result<void> write_leaves(const std::vector<JobPtr>& group);
  void roll_back();
  Result<uint64_t> log_number(const std::string& origin);
  void delete_history();

  // ---- the thread's own
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statements> statements_;
  std::map<std::string, uint64_t, std::less<>> log_numbers_;
  std::vector<std::string> new_logs_;  // numbered in the open transaction
  Rev deleted_;                        // history is deleted up to here

  // ---- shared
  std::mutex mutex_;
  std::array<int, 2> work_{-1, -1};  // a pipe
  std::vector<JobPtr> incoming_;
  uint64_t incoming_epoch_ = 0;
  uint64_t failed_epoch_ = 0;  // the last that failed, plus one
  std::vector<Outcome> outcomes_;
  Rev forget_;
  bool idle_ = false, stop_ = false;

  std::function<void()> wake_;
  std::thread thread_;
};

}  // namespace freehold::store
