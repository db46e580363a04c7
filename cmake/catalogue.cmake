# The catalogue, catalogue/*.yaml, becomes part of the program: a source file with their texts, made
# anew when one of them changes.

file(GLOB catalogue CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/catalogue/*.yaml)
list(SORT catalogue)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${catalogue})
set(texts "")
foreach(file IN LISTS catalogue)
  file(READ ${file} text)
  string(APPEND texts "R\"catalogue(${text})catalogue\",\n")
endforeach()
set(source "#include \"cli/catalogue.h\"\n
namespace freehold::cli {
namespace {
constexpr std::string_view texts[] = {\n${texts}};
}  // namespace
std::span<const std::string_view> catalogue_texts() { return texts; }
}  // namespace freehold::cli\n")
set(generated ${CMAKE_BINARY_DIR}/generated/catalogue_texts.cc)
set(before "")
if(EXISTS ${generated})
  file(READ ${generated} before)
endif()
if(NOT before STREQUAL source)
  file(WRITE ${generated} "${source}")
endif()
target_sources(freehold_cli PRIVATE ${generated})
