// redfish: one management controller, looked at and told what to do, without a control plane. Also
// the way by which `import` reads a live one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "cli/render.h"
#include "discover/redfish/survey.h"

namespace freehold::cli {

struct RedfishTarget {
  std::string target;               // https://HOST, or a folder of its documents
  std::string user, password_file;  // password_file: "-" is standard input
  std::string ca_file, certificate_sha256;
  bool insecure = false;
  Duration timeout = seconds(30);  // of one answer
};
struct RedfishOptions {
  RedfishTarget target;
  Output output = Output::table;
  std::string system;  // name, host name or id; empty: the only one
  std::string of;      // whose power limit; empty: the only one
  std::string watts;
  bool force = false;
  std::string type;  // of a reset; empty: by `force`
  std::string boot_target, boot_enabled;
  std::vector<std::string> boot_order;
  Duration settle = seconds(120);
};

int redfish_show(const RedfishOptions& options);
int redfish_power(const RedfishOptions& options);
int redfish_limit(const RedfishOptions& options);  // shows the limits when no watts are given
int redfish_on(const RedfishOptions& options);
int redfish_off(const RedfishOptions& options);
int redfish_reset(const RedfishOptions& options);
int redfish_boot(const RedfishOptions& options);  // shows what is set when nothing is asked for

// What a controller or a folder says. Says loudly when certificates are not checked.
Result<discover::redfish::Survey> survey_target(const RedfishTarget& target);
bool is_url(const std::string& target);

}  // namespace freehold::cli
