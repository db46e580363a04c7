// discover: this machine's hardware as a graph. Needs no server.
#include "cli/cli.h"
#include "cli/commands.h"
#include "discover/draw.h"
#include "discover/machine.h"
#include "schema/walk.h"

namespace freehold::cli {

int discover(const std::string& root, Output output) {
  const auto machine = discover::discover(discover::Root(root));
  if (!machine) return complain(machine.error());
  if (output == Output::json || output == Output::yaml) {
    json::Object out;
    out["profile"] = schema::to_json(schema::type_of<api::HardwareProfileSpec>, &machine->profile);
    json::Array devices;
    for (const api::NodeDevice& d : machine->devices)
      devices.push_back(schema::to_json(schema::type_of<api::NodeDevice>, &d));
    out["devices"] = std::move(devices);
    const api::Allocatable free = discover::allocatable(*machine);
    out["allocatable"] = schema::to_json(schema::type_of<api::Allocatable>, &free);
    json::Array notes;
    for (const std::string& note : machine->notes) notes.emplace_back(note);
    out["notes"] = std::move(notes);
    put(document(out, output));
    return done;
  }
  const Terminal t = terminal(stdout);
  discover::DrawOptions options;
  options.colour = t.colour;
  options.width = t.width;
  put(discover::draw(*machine, options));
  for (const std::string& note : machine->notes) put("note: " + printable(note) + "\n", stderr);
  return done;
}

}  // namespace freehold::cli
