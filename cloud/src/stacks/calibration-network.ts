import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

/**
 * Where the jobs run: public subnets, no NAT, nothing reachable from outside.
 *
 * A job lives for minutes and only calls AWS. NAT gateways or the seven interface endpoints that private subnets would
 * need (ecr.api, ecr.dkr, logs, iotsitewise.data, iot.data, kms, sts) cost some 65 to 100 dollars a month whether a job
 * runs or not; a public address costs half a cent an hour while it does. The security group lets nothing in and only
 * HTTPS out, and S3 is reached through a gateway endpoint, which is free.
 */
export class CalibrationNetwork extends Construct {
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: "jobs", subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    // The class leaves optional what its own interface requires, which exactOptionalPropertyTypes tells apart.
    this.vpc = vpc as IVpc;
    const flowLog = new LogGroup(this, "FlowLog", { retention: RetentionDays.ONE_MONTH });
    vpc.addFlowLog("Traffic", {
      destination: FlowLogDestination.toCloudWatchLogs(flowLog),
      trafficType: FlowLogTrafficType.ALL,
    });
    this.securityGroup = new SecurityGroup(this, "Jobs", {
      vpc: this.vpc,
      description: "recalibration jobs: nothing in, HTTPS out",
      allowAllOutbound: false,
    });
    this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "AWS APIs");
  }
}
