// What is made again by its owner when it is deleted: a Contract whose Workload lives, an Instance
// whose Contract does. Deleting it ends nothing, and a new term is charged anew. Pure.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"
#include "client/remote.h"

namespace freehold::cli {

// The Workload or Contract that manages the object; null: nobody makes it again.
const api::OwnerReference* maker_of(const api::ObjectMeta& meta);

// Where to look whether the maker lives.
client::Target target_of(const api::OwnerReference& maker, const std::string& ns);

// Whether that is what was found there, and nobody deletes it: not already, nor with `deleted`.
bool is_living(const api::OwnerReference& maker, const api::ObjectMeta& found,
               const std::vector<client::Target>& deleted);

// A line for the person who deleted `target`.
std::string note_of(const api::OwnerReference& maker, const client::Target& target);

}  // namespace freehold::cli
