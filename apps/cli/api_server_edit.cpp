#include "api_server_edit.h"

#include <algorithm>
#include <filesystem>

#include "api_server_sources.h"
#include "cluster/flavour.h"
#include "cluster_signs.h"
#include "ground.h"
#include "io/system.h"
#include "manifest_backup.h"
#include "text/diff.h"
#include "wished_issuer.h"
#include "world.h"

namespace cli {
namespace {

constexpr std::uint32_t kFileMode = 0600, kFolderMode = 0755;

// The user's file, and kubeadm's patch beside it.
struct Places {
  std::string file, patchFolder, patch;
};

std::string flavourNames() {
  std::string names;
  for (const cluster::Flavour& flavour : cluster::flavours())
    names.append(names.empty() ? "" : ", ").append(flavour.name);
  return names;
}

base::Result<std::string> readFile(const std::string& path, const base::Files& files) {
  if (path == "-") return io::readIn();
  const std::optional<base::FileInfo> info = TRY(files.info(path));
  if (info && (info->isSymbolicLink || info->isFolder)) {
    return base::invalid(path + ": is " + (info->isFolder ? "a folder" : "a symbolic link") +
                         "; it must be a plain file");
  }
  return files.read(path);
}

base::Result<const cluster::Flavour*> flavourOfCluster(const ApiServerEditOptions& options, Ground& ground,
                                                       const Console& console) {
  const ClusterConnection cluster = TRY(connectChosenCluster(options.cluster, options.common, ground));
  const cluster::Detected seen = cluster::detect(TRY(readSigns(*cluster.client)));
  if (!seen.flavour)
    return base::Error{base::ErrorKind::Conflict, "", seen.why, "--for " + flavourNames() + ", with --file"};
  console.progress("this is " + std::string(seen.flavour->title) + ": " + seen.why);
  return seen.flavour;
}

base::Result<const cluster::Flavour*> flavourFor(const ApiServerEditOptions& options, Ground& ground,
                                                 const Console& console) {
  if (options.flavour != "auto") {
    const cluster::Flavour* flavour = cluster::flavourNamed(options.flavour);
    if (flavour) return flavour;
    return base::invalid("--for " + options.flavour + ": there is no such distribution")
        .withHint("one of " + flavourNames() + ", or auto");
  }
  if (options.file == "-") return base::invalid("--for auto looks at a file or at the cluster, not at standard input");
  if (options.file.empty()) return flavourOfCluster(options, ground, console);
  std::string contents = TRY(readFile(options.file, *ground.files));
  if (cluster::isArgumentFile(contents)) return cluster::flavourNamed("microk8s");
  const text::YamlText parsed = TRY(text::YamlText::parse(std::move(contents)));
  const cluster::Flavour* flavour = cluster::flavourOf(parsed);
  if (flavour) return flavour;
  return base::invalid(options.file + ": no distribution's file looks like this").withHint("--for " + flavourNames());
}

base::Result<Places> placesOf(const ApiServerEditOptions& options, const cluster::Flavour& flavour) {
  Places places{options.file.empty() ? std::string(flavour.file) : options.file, options.patches, ""};
  if (places.file.empty()) {
    return base::invalid(std::string(flavour.title) + " has no file of its own")
        .withHint("name with --file what you keep: " + std::string(flavour.contents));
  }
  const bool isStream = places.file == "-";
  if (places.patchFolder.empty()) places.patchFolder = (isStream ? "." : base::folderOf(places.file)) + "/patches";
  if (flavour.hasPatch) places.patch = places.patchFolder + "/" + std::string(cluster::kPatchFile);
  return places;
}

base::Result<cluster::Sources> readSources(const Places& places, const cluster::Flavour& flavour,
                                           const base::Files& files) {
  cluster::Sources sources;
  base::Result<std::string> file = readFile(places.file, files);
  const bool mayBeNew = !flavour.file.empty() && flavour.name != "static-pod" && places.file != "-";
  if (!file && !(mayBeNew && file.error().kind == base::ErrorKind::NotFound)) return std::move(file).error();
  if (file) sources.file = std::move(*file);
  if (flavour.hasDropIns && places.file != "-") TRY(addDropIns(places.file, files, sources));
  if (places.patch.empty()) return sources;
  sources.patchName = places.patch;
  TRY(addPatches(places.patchFolder, files, sources));
  base::Result<std::string> patch = readFile(places.patch, files);
  if (!patch && patch.error().kind != base::ErrorKind::NotFound) return std::move(patch).error();
  if (patch) sources.patch = std::move(*patch);
  return sources;
}

base::Result<void> replaceIfSame(const std::string& path, const std::string& before, const std::string& after,
                                 base::Files& files, const std::string& workFolder = "") {
  if (before == after) return {};
  const base::Result<std::string> now = files.read(path);
  const std::string there = now ? *now : "";
  if (there != before) {
    return base::Error{base::ErrorKind::Conflict, "", path + ": somebody else changed it just now; it was left alone",
                       "run the command again"};
  }
  return files.replace(path, after, kFileMode, workFolder);
}

// The kubelet runs every file of its manifests folder: what is written and what is kept must lie outside.
base::Result<void> writeManifest(const std::string& path, const std::string& before, const std::string& after,
                                 const std::string& why, Ground& ground) {
  if (before == after) return {};
  const ManifestPlace place = TRY(placeOf(path, "", *ground.files));
  TRY(keepPreImage(place, before, why, ground.clock.now(), *ground.files));
  return replaceIfSame(place.path, before, after, *ground.files, place.parent);
}

bool isAmongManifests(const cluster::Flavour& flavour, const std::string& file) {
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::absolute(file, failure).lexically_normal();
  return flavour.name == "static-pod" && path.parent_path().filename().string().ends_with("manifests");
}

// Killed between the two, the issuer that goes stands in both files: what is missing is only the new one.
base::Result<void> write(const Places& places, const cluster::Sources& before, const cluster::Sources& after,
                         cluster::Phase phase, base::Files& files) {
  const bool fileFirst = phase == cluster::Phase::Accept;
  if (fileFirst) TRY(replaceIfSame(places.file, before.file, after.file, files));
  if (before.patch != after.patch) {
    TRY(files.makeFolder(places.patchFolder, kFolderMode));
    TRY(replaceIfSame(places.patch, before.patch, after.patch, files));
  }
  return fileFirst ? base::Result<void>() : replaceIfSame(places.file, before.file, after.file, files);
}

// One that signs already and is to do so alone, as on the way back, is nothing new.
IssuerForm formOf(const ApiServerEditOptions& options, const cluster::Flavour& flavour, const cluster::Sources& sources,
                  cluster::Phase phase) {
  const base::Result<cluster::Survey> seen = flavour.survey(sources, options.version);
  const bool signs = seen && !seen->issuers.empty() && seen->issuers.front().value == options.issuer;
  if (signs && phase == cluster::Phase::Finish) return IssuerForm::AsItIs;
  return options.allowsPort ? IssuerForm::WithPort : IssuerForm::ForIam;
}

std::string diffOf(const Places& places, const cluster::Sources& before, const cluster::Sources& after) {
  const std::string patchBefore = before.patch.empty() ? "/dev/null" : places.patch;
  return text::unifiedDiff(before.file, after.file, places.file, places.file + " (proposed)") +
         text::unifiedDiff(before.patch, after.patch, patchBefore, places.patch + " (proposed)");
}

text::Json editDocument(const cluster::Flavour& flavour, const Places& places, const cluster::Sources& before,
                        const cluster::Edit& edit) {
  text::Json document = {{"for", flavour.name},
                         {"file", places.file},
                         {"changed", before.file != edit.sources.file || before.patch != edit.sources.patch},
                         {"diff", diffOf(places, before, edit.sources)},
                         {"warnings", edit.warnings},
                         {"next", edit.steps}};
  if (!places.patch.empty()) document["patch"] = places.patch;
  return document;
}

std::string tableOf(const Places& places, const cluster::Sources& before, const cluster::Edit& edit,
                    const Console& console) {
  std::string table;
  const auto say = [&](const std::string& path, bool changed) {
    table += console.check((changed ? "patched " : "nothing to change in ") + path);
  };
  say(places.file, before.file != edit.sources.file);
  if (!edit.sources.patch.empty()) say(places.patch, before.patch != edit.sources.patch);
  for (const std::string& step : edit.steps) table += "  next  " + step + "\n";
  return table;
}

}  // namespace

int runApiServerEdit(const ApiServerEditOptions& options) {
  const Console console(options.common);
  Ground ground;
  base::Files& files = *ground.files;
  const base::Result<const cluster::Flavour*> flavour = flavourFor(options, ground, console);
  if (!flavour) return console.fail(flavour.error());
  const std::optional<cluster::Phase> phase = cluster::phaseNamed(options.phase);
  if (!phase) return console.fail(base::invalid("--phase is accept, switch or finish"));
  const base::Result<Places> places = placesOf(options, **flavour);
  if (!places) return console.fail(places.error());
  const base::Result<cluster::Sources> before = readSources(*places, **flavour, files);
  if (!before) return console.fail(before.error());
  const base::Result<std::string> issuer =
      wishedIssuer(options.issuer, options.common, formOf(options, **flavour, *before, *phase));
  if (!issuer) return console.fail(issuer.error());
  base::Result<cluster::Edit> edit = (*flavour)->edit(*before, {*issuer, options.former, *phase, options.version});
  if (!edit) {
    base::Error error = edit.error();
    if (error.hint.empty()) error.hint = "nothing was changed; irsa apiserver lint shows what else is wrong";
    return console.fail(std::move(error).during(places->file), kRefused);
  }
  std::ranges::move(cluster::leftWarnings(**flavour, *before, *edit, options.version),
                    std::back_inserter(edit->warnings));
  for (const std::string& warning : edit->warnings) console.warn(warning);
  if (options.common.dryRun) {
    const std::string diff = diffOf(*places, *before, edit->sources);
    console.result(diff.empty() ? "no change\n" : diff, editDocument(**flavour, *places, *before, *edit));
    return kOk;
  }
  if (places->file == "-") {
    io::writeOut(edit->sources.file);
    if (edit->sources.patch != before->patch) console.warn("not written: " + places->patch + "; see --dry-run");
    return kOk;
  }
  const base::Result<void> written =
      isAmongManifests(**flavour, places->file)
          ? writeManifest(places->file, before->file, edit->sources.file, *issuer + " " + options.phase, ground)
          : write(*places, *before, edit->sources, *phase, files);
  if (!written) return console.fail(written.error(), kRefused);
  console.result(tableOf(*places, *before, *edit, console), editDocument(**flavour, *places, *before, *edit));
  return kOk;
}

}  // namespace cli
