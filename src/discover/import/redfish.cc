// Redfish: the folder of documents of a management controller, read as the controller itself would
// be, and what they mean for the fleet.
#include "discover/import/formats.h"
#include "discover/redfish/folder.h"
#include "discover/redfish/inventory.h"

namespace freehold::discover {

Result<Inventory> import_redfish(const Root& root, const ImportOptions& options) {
  const redfish::Survey survey = TRY(redfish::survey_folder(root));
  return redfish::inventory(survey, options);
}

}  // namespace freehold::discover
