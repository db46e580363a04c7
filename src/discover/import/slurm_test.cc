// Files of Slurm at the bounds of what is read: what few words say is worked out once, however many
// machines it is said of. Squares would take minutes here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/import/slurm_conf.h"
#include "discover/import/text.h"

namespace freehold::discover {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const ImportOptions options{"file", "slurm", "fra1"};

std::string machines(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "NodeName=n" + std::to_string(i) + "\n";
  return out;
}

std::string repeated(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += text;
  return out;
}

TEST(Slurm, ResourcesByDefaultAreReadOnceForAllMachines) {
  const std::string others = repeated("fpga:4,", 1'000'000);
  const auto got = import_slurm_nodes(
      "NodeName=DEFAULT Gres=" + others + "gpu:h100:2\n" + machines(20'000), options);
  ASSERT_TRUE(got.ok()) << got.error().message;
  ASSERT_THAT(got->hosts, SizeIs(20'000));
  EXPECT_EQ(got->hosts.back().profile.devices.size(), 2u);
  EXPECT_EQ(got->hosts.back().profile.devices[1].id, "gpu1");
}

TEST(Slurm, DefaultsThatChangeCountForWhatFollows) {
  const auto got = import_slurm_nodes(
      "NodeName=DEFAULT Gres=gpu:2 State=DOWN\nNodeName=a\nNodeName=b Gres=gpu:1 State=IDLE\n"
      "NodeName=DEFAULT Gres=gpu:4 State=UNKNOWN\nNodeName=c\n",
      options);
  ASSERT_TRUE(got.ok()) << got.error().message;
  ASSERT_THAT(got->hosts, SizeIs(3));
  EXPECT_EQ(got->hosts[0].profile.devices.size(), 2u);
  EXPECT_EQ(got->hosts[1].profile.devices.size(), 1u);
  EXPECT_EQ(got->hosts[2].profile.devices.size(), 4u);
  EXPECT_THAT(got->notes, Contains(HasSubstr("1 machine is out of service")));
}

TEST(Slurm, AStateOrNumberByDefaultIsNotReadForEachMachine) {
  const std::string state = repeated("IDLE+", 1'000'000) + "IDLE";
  const auto got =
      import_slurm_nodes("NodeName=DEFAULT State=" + state + "\n" + machines(20'000), options);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_THAT(got->hosts, SizeIs(20'000));
  const auto refused = import_slurm_nodes(
      "NodeName=DEFAULT CPUs=" + std::string(100'000, '0') + "8\n" + machines(2), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("is no number from 0 to"));
  EXPECT_LT(refused.error().message.size(), 300u);
}

TEST(Slurm, ALineOfBlanksAndSignsIsReadOnce) {
  const std::string line = std::string(500'000, ' ') + "Comment=" + std::string(500'000, '#');
  size_t pairs = 0;
  const auto read = parse_slurm("NodeName=a CPUAlloc=0\n" + line + "\n", SlurmText::scontrol,
                                options, [&](SlurmLine& one) -> Result<void> {
                                  pairs += one.pairs.size();
                                  return {};
                                });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(pairs, 3u);
}

TEST(Slurm, KindsThatNobodyKnowsAreToldAsFarAsThereIsRoom) {
  std::string kinds;
  for (size_t i = 0; i < 100'000; ++i) kinds += "k" + std::to_string(i) + ",";
  const auto got = import_slurm_nodes("NodeName=a Gres=" + kinds + "gpu:1\n", options);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->hosts[0].profile.devices.size(), 1u);
  EXPECT_LE(got->notes.size(), limits::import_notes);
  EXPECT_EQ(got->notes.back(), "there is more to say; the notes end here");
}

}  // namespace
}  // namespace freehold::discover
