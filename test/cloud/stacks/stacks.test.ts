import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { FRAME_FILTER, HEARTBEAT_FILTER, PART_REQUEST_FILTER } from "@plumbline/twin/contract/topics";
import { propertyAlias, twinProperties } from "@plumbline/twin/definition/properties";
import { twinDefinition } from "@plumbline/twin/definition/twins";
import { Match } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, test } from "vitest";
import { FLEET, flat, type Synthesis, statements, synthesise } from "./synthesis.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
let built: Synthesis;
// The rules of cdk-nag and the template faults of CloudFormation throw here: there is no synthesis without them.
beforeAll(() => {
  built = synthesise({ fleet: FLEET, ingestShards: 2 });
});
const properties = (resource: unknown): Record<string, unknown> =>
  (resource as { Properties: Record<string, unknown> }).Properties;

describe("the asset stack", () => {
  const definition = twinDefinition("web-line");

  test("has one model for the twin, with the definition's properties in order", () => {
    built.assets.resourceCountIs("AWS::IoTSiteWise::AssetModel", 1);
    built.assets.hasResourceProperties("AWS::IoTSiteWise::AssetModel", {
      AssetModelProperties: twinProperties(definition).map(({ name, unit, dataType }) =>
        Match.objectLike({
          Name: name,
          LogicalId: name,
          Unit: unit,
          DataType: dataType,
          Type: { TypeName: "Measurement" },
        }),
      ),
    });
  });

  test("has one asset for each machine, every property under its own alias", () => {
    built.assets.resourceCountIs("AWS::IoTSiteWise::Asset", FLEET.length);
    for (const { thing, instance } of FLEET) {
      built.assets.hasResourceProperties("AWS::IoTSiteWise::Asset", {
        AssetProperties: twinProperties(definition).map(({ kind, id, name }) => ({
          LogicalId: name,
          Alias: propertyAlias(thing, instance, kind, id),
        })),
      });
    }
  });
});

describe("the ingest stack", () => {
  test.each([
    [FRAME_FILTER, "frame"],
    [HEARTBEAT_FILTER, "heartbeat"],
    [PART_REQUEST_FILTER, "partRequest"],
  ])(
    "takes %s as %s with its sender to one function, and tells a queue what it could not deliver",
    (filter, member) => {
      const rules = Object.values(built.ingest.findResources("AWS::IoT::TopicRule"))
        .map((rule) => properties(rule)["TopicRulePayload"] as Record<string, unknown>)
        .filter(({ Sql }) => String(Sql).includes(` FROM '${filter}'`));
      expect(rules).toHaveLength(2);
      for (const { Sql, Actions, ErrorAction } of rules) {
        expect(Sql).toMatch(
          new RegExp(`^SELECT encode\\(\\*, 'base64'\\) AS ${member}, topic\\(3\\) AS thing, `),
        );
        expect(Actions).toEqual([{ Lambda: { FunctionArn: expect.anything() as unknown } }]);
        expect(ErrorAction).toMatchObject({ Sqs: { RoleArn: expect.anything() as unknown } });
      }
    },
  );

  test("runs a function of each shard one at a time, and keeps what failed three times", () => {
    built.ingest.resourcePropertiesCountIs("AWS::Lambda::Function", { ReservedConcurrentExecutions: 1 }, 2);
    built.ingest.allResourcesProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
    built.ingest.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: Match.anyValue() });
  });

  test("lets AWS IoT alone call the functions, and only from its own rules", () => {
    built.ingest.allResourcesProperties("AWS::Lambda::Permission", {
      Principal: "iot.amazonaws.com",
      SourceArn: Match.objectLike({ "Fn::GetAtt": Match.anyValue() }),
      SourceAccount: { Ref: "AWS::AccountId" },
    });
  });

  test("keeps the archive versioned, private, encrypted, and never deletes a frame", () => {
    built.ingest.hasResource("AWS::S3::Bucket", {
      DeletionPolicy: "Retain",
      Properties: {
        VersioningConfiguration: { Status: "Enabled" },
        BucketEncryption: Match.anyValue(),
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({ Prefix: "frames/", ExpirationInDays: Match.absent() }),
            Match.anyValue(),
          ],
        },
      },
    });
    built.ingest.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      },
    });
  });
});

describe("a gateway's policy", () => {
  const document = (): { Statement: { Action: string; Resource: unknown[] }[] } => {
    const [policy] = Object.values(built.ingest.findResources("AWS::IoT::Policy"));
    return properties(policy)["PolicyDocument"] as never;
  };

  test("fits the 2,048 characters of AWS IoT in the longest region's name", () => {
    const text = JSON.stringify({
      ...document(),
      Statement: document().Statement.map((statement) => ({
        ...statement,
        Resource: statement.Resource.map(flat),
      })),
    })
      .replaceAll("<AWS::Partition>", "aws-us-gov")
      .replaceAll("<AWS::Region>", "ap-southeast-1")
      .replaceAll("<AWS::AccountId>", "123456789012");
    expect(text.replaceAll(/\s/g, "").length).toBeLessThanOrEqual(2048);
  });

  test("lets a certificate speak for the thing it is attached to, and never acknowledge", () => {
    const resources = document().Statement.flatMap(({ Action, Resource }) =>
      Resource.map((arn) => `${Action} ${flat(arn)}`),
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable of AWS IoT, not a template string
    expect(resources.filter((line) => !line.includes("${iot:Connection.Thing.ThingName}"))).toEqual([]);
    expect(
      resources.filter((line) => /^iot:Publish .*(\/ack|plumbline\/v1\/[^/]+\/(\*|#|\+))$/.test(line)),
    ).toEqual([]);
  });
});

describe("the calibration stack", () => {
  test("signs with a P-256 key that outlives the stack", () => {
    built.calibration.hasResource("AWS::KMS::Key", {
      DeletionPolicy: "Retain",
      Properties: { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
    });
  });

  test("runs jobs on Fargate Spot ARM64, three tries, bounded in time and number, without a writable root", () => {
    built.calibration.hasResourceProperties("AWS::Batch::ComputeEnvironment", {
      ComputeResources: { Type: "FARGATE_SPOT", MaxvCpus: 4 },
    });
    built.calibration.hasResourceProperties("AWS::Batch::JobDefinition", {
      RetryStrategy: { Attempts: 3 },
      Timeout: { AttemptDurationSeconds: 1800 },
      ContainerProperties: {
        ReadonlyRootFilesystem: true,
        User: "node",
        RuntimePlatform: { CpuArchitecture: "ARM64" },
      },
    });
  });

  test("has no NAT gateway, and lets nothing into the jobs' network", () => {
    built.calibration.resourceCountIs("AWS::EC2::NatGateway", 0);
    built.calibration.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
    built.calibration.allResourcesProperties("AWS::EC2::SecurityGroup", {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ IpProtocol: "tcp", FromPort: 443, ToPort: 443 })],
    });
  });

  test("wakes one planner at a time on a schedule, and keeps what it could not start", () => {
    built.calibration.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(15 minutes)",
      Targets: [Match.objectLike({ DeadLetterConfig: { Arn: Match.anyValue() } })],
    });
    built.calibration.hasResourceProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: 1 });
  });

  test("builds the image as an unprivileged user from an exact base image", () => {
    const dockerfile = readFileSync(path.join(ROOT, "cloud/Dockerfile"), "utf8");
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=\S+:\d+\.\d+\.\d+-\S+$/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});

describe("the environment of functions and jobs", () => {
  test("has only variables that the product reads", () => {
    const sources = path.join(ROOT, "cloud/src");
    const product = readdirSync(sources, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.startsWith("stacks"))
      .map((name) => readFileSync(path.join(sources, name), "utf8"))
      .join();
    const given =
      JSON.stringify([built.ingest.toJSON(), built.calibration.toJSON()]).match(/PLUMBLINE_[A-Z_]+/g) ?? [];
    expect(new Set(given).size).toBeGreaterThan(3);
    expect([...new Set(given)].filter((name) => !product.includes(`"${name}"`))).toEqual([]);
  });
});

describe("least privilege", () => {
  const all = () => [...statements(built.ingest), ...statements(built.calibration)];

  test("names every action", () => {
    expect(all().length).toBeGreaterThan(15);
    expect(all().flatMap(({ actions }) => actions.filter((action) => action.includes("*")))).toEqual([]);
  });

  test("names the resource of every action that touches data", () => {
    // The three actions for which AWS knows no resource; none of them reads or writes data.
    const resourceless = new Set(["ecr:GetAuthorizationToken", "batch:DescribeJobs", "batch:ListJobs"]);
    const everything = all()
      .filter(({ resources }) => resources.includes("*"))
      .flatMap(({ actions }) => actions);
    expect(everything.filter((action) => !resourceless.has(action))).toEqual([]);
  });

  test("writes SiteWise on the machines' assets, acknowledges and publishes on their topics, each by name", () => {
    const of = (action: string): string[] =>
      all()
        .filter(({ actions }) => actions.includes(action))
        .flatMap(({ resources }) => resources);
    expect(of("iotsitewise:BatchPutAssetPropertyValue").filter((arn) => arn.includes("*"))).toEqual([]);
    const topics = new Set(of("iot:Publish").map((arn) => arn.replace(/^.*:topic\//, "")));
    expect([...topics].sort()).toEqual([
      "plumbline/v1/line-1/ack",
      "plumbline/v1/line-1/parameters/main/*",
      "plumbline/v1/line-2/ack",
      "plumbline/v1/line-2/parameters/spare/*",
    ]);
    expect(of("iot:UpdateThingShadow").map((arn) => arn.replace(/^.*:thing\//, ""))).toEqual([
      "line-1/plumbline-parameters-main",
      "line-2/plumbline-parameters-spare",
    ]);
    expect(new Set(of("kms:Sign"))).toHaveLength(1);
  });

  test("lets data be deleted from named folders of the archive alone", () => {
    const deleting = all().filter(({ actions }) => actions.some((action) => action.includes("Delete")));
    expect(new Set(deleting.flatMap(({ actions }) => actions))).toEqual(new Set(["s3:DeleteObject"]));
    const folders = deleting.flatMap(({ resources }) => resources.map((arn) => arn.replace(/^.*?>\//, "")));
    expect([...new Set(folders)].sort()).toEqual(["held/*", "posterior/*/checkpoints/*"]);
  });
});
