// The whole set-up and a pod's flow with the AWS SDK for JavaScript v3, as sim_clients_test.py runs it. Reads one JSON object
// from its standard input: {endpoint, account, region, accessKeyId, secretAccessKey, issuer, bucket, documents: {key: text},
// trustPolicy, readPolicy, tokenFile, role}. Prints what it saw as one JSON object; any failure ends it with exit code 1.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.NODE_PACKAGES + "/package.json");
const S3 = require("@aws-sdk/client-s3"), Iam = require("@aws-sdk/client-iam"), Sts = require("@aws-sdk/client-sts");
const CloudFront = require("@aws-sdk/client-cloudfront");
const { fromTokenFile } = require("@aws-sdk/credential-providers");
const { Upload } = require("@aws-sdk/lib-storage");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");

const wish = JSON.parse(readFileSync(0, "utf8"));
const place = { endpoint: wish.endpoint, region: wish.region, maxAttempts: 1 };
const administrator = { ...place, credentials: { accessKeyId: wish.accessKeyId, secretAccessKey: wish.secretAccessKey } };
const seen = {};

const s3 = new S3.S3Client({ ...administrator, forcePathStyle: true });
await s3.send(new S3.CreateBucketCommand({ Bucket: wish.bucket, CreateBucketConfiguration: { LocationConstraint: wish.region } }));
await s3.send(new S3.PutPublicAccessBlockCommand({
  Bucket: wish.bucket,
  PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: false, RestrictPublicBuckets: false },
}));
await s3.send(new S3.PutBucketPolicyCommand({ Bucket: wish.bucket, Policy: wish.readPolicy }));
for (const [Key, Body] of Object.entries(wish.documents))
  await s3.send(new S3.PutObjectCommand({ Bucket: wish.bucket, Key, Body, ContentType: "application/json" }));

const iam = new Iam.IAMClient(administrator);
await iam.send(new Iam.CreateOpenIDConnectProviderCommand({ Url: wish.issuer, ClientIDList: ["sts.amazonaws.com"], ThumbprintList: ["a".repeat(40)] }));
const made = await iam.send(new Iam.CreateRoleCommand({ RoleName: wish.role, AssumeRolePolicyDocument: wish.trustPolicy }));
seen.trustPolicy = JSON.parse(decodeURIComponent(made.Role.AssumeRolePolicyDocument));
await iam.send(new Iam.AttachRolePolicyCommand({ RoleName: wish.role, PolicyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }));

// 12 MiB: the SDK makes parts of 5 MiB, each with its checksum.
const large = Buffer.alloc(12 << 20, "x");
const upload = new Upload({ client: s3, params: { Bucket: wish.bucket, Key: "large", Body: large } });
seen.upload = (await upload.done()).ETag;
const got = await s3.send(new S3.GetObjectCommand({ Bucket: wish.bucket, Key: "large", ChecksumMode: "ENABLED" }));
seen.isWhole = Buffer.compare(Buffer.from(await got.Body.transformToByteArray()), large) === 0;
await s3.send(new S3.CopyObjectCommand({ Bucket: wish.bucket, Key: "copy", CopySource: `${wish.bucket}/keys.json` }));
const listed = await s3.send(new S3.ListObjectsV2Command({ Bucket: wish.bucket }));
seen.keys = listed.Contents.map((entry) => entry.Key);
const url = await getSignedUrl(s3, new S3.GetObjectCommand({ Bucket: wish.bucket, Key: "copy" }), { expiresIn: 60 });
seen.presigned = await (await fetch(url)).json();
await s3.send(new S3.DeleteObjectsCommand({ Bucket: wish.bucket, Delete: { Objects: [{ Key: "large" }, { Key: "copy" }] } }));

const cloudfront = new CloudFront.CloudFrontClient(administrator);
const access = await cloudfront.send(new CloudFront.CreateOriginAccessControlCommand({
  OriginAccessControlConfig: { Name: "issuer", SigningProtocol: "sigv4", SigningBehavior: "always", OriginAccessControlOriginType: "s3" },
}));
const distribution = await cloudfront.send(new CloudFront.CreateDistributionCommand({
  DistributionConfig: {
    CallerReference: "1", Comment: "", Enabled: true,
    Origins: { Quantity: 1, Items: [{
      Id: "bucket", DomainName: `${wish.bucket}.s3.${wish.region}.amazonaws.com`, S3OriginConfig: { OriginAccessIdentity: "" },
      OriginAccessControlId: access.OriginAccessControl.Id }] },
    DefaultCacheBehavior: { TargetOriginId: "bucket", ViewerProtocolPolicy: "https-only", CachePolicyId: "658327ea-f89d-4fab-a63d-7e88639e58f6" },
  },
}));
await CloudFront.waitUntilDistributionDeployed({ client: cloudfront, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { Id: distribution.Distribution.Id });
seen.distribution = distribution.Distribution.DomainName;

// A pod: the environment and the token file, no keys.
const credentials = fromTokenFile({
  roleArn: `arn:aws:iam::${wish.account}:role/${wish.role}`, roleSessionName: "pod", webIdentityTokenFile: wish.tokenFile,
  clientConfig: place });
seen.pod = (await new Sts.STSClient({ ...place, credentials }).send(new Sts.GetCallerIdentityCommand({}))).Arn;
const reader = new S3.S3Client({ ...place, credentials, forcePathStyle: true });
const key = await reader.send(new S3.GetObjectCommand({ Bucket: wish.bucket, Key: "keys.json" }));
seen.read = JSON.parse(await key.Body.transformToString());
try {
  await reader.send(new S3.PutObjectCommand({ Bucket: wish.bucket, Key: "x", Body: "x" }));
} catch (error) {
  seen.refused = error.name;
}
console.log(JSON.stringify(seen));
