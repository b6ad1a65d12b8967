#include "emit_command.h"

#include "setup/emit.h"

namespace cli {
namespace {

// The one thing that is made besides the files: the private key whose public half they publish.
base::Result<void> writeNewKey(const setup::Desired& desired, World& world) {
  if (desired.newPrivateKeyPem.empty()) return {};
  setup::Plan plan;
  plan.actions.push_back({.change = setup::Change::Add,
                          .call = setup::WritePrivateKey{desired.privateKeyPath, desired.newPrivateKeyPem},
                          .target = "file " + desired.privateKeyPath,
                          .reason = "does not exist"});
  setup::World view = world.view();
  setup::Outcome outcome = setup::applyPlan(plan, view, {}, [](const setup::Event&) {});
  if (outcome.failures.empty()) return {};
  return std::move(outcome.failures.front().error);
}

// Conflict when a file is there that irsa did not write. Those that cannot carry a mark are known by the form's first.
base::Result<void> checkOverwriting(const std::vector<setup::EmittedFile>& files, const std::string& folder,
                                    const World& world) {
  bool isOurFolder = false;
  for (const setup::EmittedFile& file : files) {
    const std::string path = folder + "/" + file.path;
    const base::Result<std::string> there = world.ground.files->read(path);
    if (!there && there.error().kind == base::ErrorKind::NotFound) continue;
    if (!there) return there.error();
    const bool isMarked = setup::isMarkedAsEmitted(*there);
    if (&file == &files.front()) isOurFolder = isMarked;
    const bool isOurs = setup::isMarkedAsEmitted(file.body) ? isMarked : isOurFolder;
    if (!isOurs && *there != file.body)
      return base::conflict(path + " is there and was not written by irsa, so nothing was written",
                            "name another folder with --out, or remove the file if nobody needs it");
  }
  return {};
}

base::Result<void> writeFiles(const std::vector<setup::EmittedFile>& files, const std::string& folder, World& world) {
  for (const setup::EmittedFile& file : files) {
    const std::string path = folder + "/" + file.path;
    TRY(world.ground.files->makeFolder(base::folderOf(path), 0755));
    TRY(world.ground.files->replace(path, file.body, file.isProgram ? 0755 : 0644));
  }
  return {};
}

std::string deployment(const std::string& name, const std::string& folder, std::size_t templateSize) {
  return "aws cloudformation deploy --stack-name " + name + " --template-file " + folder +
         "/template.json --capabilities CAPABILITY_NAMED_IAM" +
         (templateSize > setup::kMostTemplateBytesInRequest ? " --s3-bucket BUCKET" : "");
}

std::string nextStep(setup::Form form, const std::string& name, const std::string& folder,
                     const std::vector<setup::EmittedFile>& files) {
  using setup::Form;
  switch (form) {
    case Form::Kustomize: return "kubectl apply --server-side -k " + folder;
    case Form::HelmValues:
      return "helm upgrade --install RELEASE CHART -n NAMESPACE -f " + folder + "/NAMESPACE/NAME.yaml";
    case Form::Terraform: return "terraform -chdir=" + folder + " init && terraform -chdir=" + folder + " apply";
    case Form::CloudFormation: return deployment(name, folder, files.front().body.size());
    case Form::Ack: return "kubectl apply -f " + folder + "/objects.yaml, then " + folder + "/documents.sh";
    case Form::AwsCli: return folder + "/apply.sh";
  }
  return "";
}

struct Emitted {
  std::vector<setup::EmittedFile> files;
  std::vector<std::string> notes;
};

base::Result<Emitted> emitInto(const std::string& folder, setup::Form form, World& world) {
  const std::string account = TRY(accountOf(world, "the files"));
  setup::World view = world.view();
  const setup::Desired desired = TRY(setup::desireForPipeline(world.configuration, view, account));
  const aws::Partition partition = TRY(aws::partitionOf(world.configuration.aws.region));
  const setup::Identifiers names = setup::identifiersOf(world.configuration, partition, account);
  Emitted emitted;
  emitted.files = TRY(setup::emit(desired, names, account, form));
  emitted.notes = desired.notes;
  TRY(checkOverwriting(emitted.files, folder, world));
  TRY(writeNewKey(desired, world));
  TRY(writeFiles(emitted.files, folder, world));
  return emitted;
}

}  // namespace

int runEmit(const LifeCycleOptions& options) {
  const Console console(options.common);
  const std::optional<setup::Form> form = setup::formNamed(options.emit);
  if (!form) return console.fail(base::invalid("--emit " + options.emit + " is no form"));
  base::Result<std::unique_ptr<World>> world = openWorld(options.common);
  if (!world) return console.fail(world.error());
  const base::Result<std::shared_ptr<io::FileLock>> lock = io::lockFile(options.common.file);
  if (!lock) return console.fail(lock.error(), kLocked);
  const std::string folder = options.emitFolder.empty() ? options.emit : options.emitFolder;
  const base::Result<Emitted> emitted = emitInto(folder, *form, **world);
  if (!emitted) return console.fail(emitted.error());
  std::string text;
  text::Json document = {{"form", options.emit}, {"folder", folder}, {"files", text::Json::array()}};
  for (const setup::EmittedFile& file : emitted->files) {
    text += folder + "/" + file.path + "\n";
    document["files"].push_back(file.path);
  }
  const std::string next = nextStep(*form, (*world)->configuration.name, folder, emitted->files);
  document["next"] = next;
  for (const std::string& note : emitted->notes) console.progress("note: " + note);
  console.progress("next: " + next);
  console.result(text, document);
  return kOk;
}

}  // namespace cli
