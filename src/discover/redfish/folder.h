// A Redfish service that is kept as a folder: an index.json per document, as mockups and captures
// are. Source: DMTF DSP2043 (mockup bundles). Documents are found by the "@odata.id" that they
// carry, wherever they lie; where it is missing, the folder below that of the service root stands
// for it.
#pragma once

#include "base/result.h"
#include "discover/redfish/survey.h"
#include "discover/root.h"

namespace freehold::discover::redfish {

// Errors: `not_found` when there is no index.json or no service root, `too_large`, and what reading
// the root itself gave.
Result<Survey> survey_folder(const Root& root);

}  // namespace freehold::discover::redfish
