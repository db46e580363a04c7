// The catalogue that comes with the program: DeviceModels of accelerators, processors and whole
// machines, each fact with its source. Plain documents: a control plane knows them once they are
// applied. The texts are catalogue/*.yaml, put into the program when it is built.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "api/object.h"
#include "base/result.h"
#include "cli/render.h"

namespace freehold::cli {

// The command: all models, or one with everything that is known of it.
int catalogue(const std::string& name, Output output);

std::span<const std::string_view> catalogue_texts();
// Objects of kind DeviceModel, ascending by name. `internal` when a text is not valid, with the
// path.
Result<std::vector<api::Object>> read_catalogue();

// How sure the facts of a model are: the weakest of its sources, and "read, some recalled" when
// they differ.
std::string certainty(const api::DeviceModelSpec& spec);

}  // namespace freehold::cli
