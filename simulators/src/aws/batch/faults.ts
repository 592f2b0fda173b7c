import { ServiceFault } from "../http/service-fault.ts";

export const clientFault = (message: string): ServiceFault =>
  new ServiceFault(400, "ClientException", message);
