// The same desired state, written for tools that other people's pipelines run instead of irsa.
//
// Pure. Nothing is left to fill in: what only AWS can name is a reference in the tool's own language.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "setup/desired.h"

namespace setup {

// Of AWS: Terraform, CloudFormation, Ack (AWS Controllers for Kubernetes), AwsCli. Of the cluster: Kustomize,
// HelmValues.
enum class Form { Kustomize, HelmValues, Terraform, CloudFormation, Ack, AwsCli };

std::span<const std::string_view> formNames();  // "kustomize", ..., as on the command line, in the order of Form
std::optional<Form> formNamed(std::string_view name);

// A larger template reaches CloudFormation by way of a bucket only.
inline constexpr std::size_t kMostTemplateBytesInRequest = 51'200;

struct EmittedFile {
  std::string path;  // below the folder they are written to
  std::string body;
  bool isProgram = false;  // to be run: mode 0755
};

// `desired` with Material::isForPipeline. Invalid when the form cannot say what irsa.yaml asks for.
// Files that can carry a comment carry a mark, and so does the first of every form.
base::Result<std::vector<EmittedFile>> emit(const Desired& desired, const Identifiers& names, std::string_view account,
                                            Form form);

// Whether the mark of emit() stands in a file's first lines. A file without it is somebody's own.
bool isMarkedAsEmitted(std::string_view contents);

}  // namespace setup
