// A page that calls from a browser, with the client that the makers of buf publish.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { EventFeedService } from "./generated/banggiao/journal/v1/event_feed_service_pb.js";
import { EventService } from "./generated/banggiao/journal/v1/event_service_pb.js";
import { AccessService } from "./generated/banggiao/registry/v1/access_service_pb.js";
import { UnitService } from "./generated/banggiao/registry/v1/unit_service_pb.js";

function expect(what, condition) {
  if (!condition) throw new Error(`expected ${what}`);
}

async function refused(call) {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("expected a refusal");
}

window.callFromListedOrigin = async (baseUrl, token) => {
  const authorize = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({ baseUrl, interceptors: [authorize] });
  const events = createClient(EventService, transport);

  const caller = await createClient(AccessService, transport).whoAmI({}, { timeoutMs: 20000 });
  expect("the administrator", caller.principal.name === "principals/administrator");

  await createClient(UnitService, transport).createUnit({
    unitId: "tayninh",
    unit: { country: "VN", kind: "PROVINCIAL_COMMAND", names: { vi: "Tây Ninh" }, startDate: "1976-05-02" },
  });
  const event = { eventType: "eventTypes/diplomatic-event", startDate: "2024-05-01", homeUnit: "units/tayninh" };
  for (const startDate of ["2024-05-01", "2024-05-02"]) await events.logEvent({ event: { ...event, startDate } });

  // The stream has no end: it is left once both have come, which the server sees as a caller that went away.
  let seen = 0;
  for await (const message of createClient(EventFeedService, transport).watchEvents({})) {
    seen += message.revisions.length;
    if (seen >= 2) break;
  }
  expect("two revisions", seen === 2);

  const bad = await refused(events.logEvent({ event: { ...event, startDate: "2024-02-30" } }));
  expect("INVALID_ARGUMENT", bad.code === Code.InvalidArgument);
  expect("its details", bad.details.some((detail) => detail.type === "google.rpc.BadRequest"));
  const nobody = createGrpcWebTransport({ baseUrl });
  const unknown = await refused(createClient(AccessService, nobody).whoAmI({}));
  expect("UNAUTHENTICATED", unknown.code === Code.Unauthenticated);
};

window.callFromOtherOrigin = async (baseUrl) => {
  const transport = createGrpcWebTransport({ baseUrl });
  const error = await refused(createClient(AccessService, transport).whoAmI({}));
  // The browser shows the page nothing of an answer that is not for it.
  expect("an answer that cannot be read", error.code === Code.Unknown);
};
