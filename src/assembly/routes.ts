/** The list of routes that rooms add to the port, before it opens. Those of the server room itself are in `#server`. */
import { policiesOf } from '#ems'
import {
  campaignRoutes,
  chargingRoutes,
  citrineDataRoutes,
  citrineMessageRoutes,
  citrineosBridgeRoutes,
  citrineSubscriptionRoutes,
  communityDeclarationRoutes,
  communityRegistryRoutes,
  contractRoutes,
  jobRoutes,
  orderRoutes,
  retentionRoutes,
  sessionExportRoutes,
  stationBlockRoutes,
  stationFileRoutes,
  stationImportRoutes,
  stationModelRoutes,
  stationRoutes,
  stationSecurityRoutes,
  stationSurveyRoutes,
  stationSyncRoutes,
  stationTariffRoutes,
  stationUpstreamRoutes,
  stickerRoutes,
  tariffRoutes,
  webhookRoutes,
  wishRoutes,
  worldRoutes,
} from '#server'
import type { OpenHouse } from './house.ts'
import { nearby } from './webhooks.ts'

const OURS = '/api/cariflex/v1'

/** Every line here is one set of routes. */
export function addRoutes(house: OpenHouse): void {
  const { server, account, settings, steered, webhooks, mqtt } = house
  server.register(retentionRoutes(server, policiesOf(settings.retention.beliefs, settings.platformName)), OURS)
  server.register(jobRoutes(server, steered?.site.zone ?? settings.timezone, account), OURS)
  server.register(
    webhookRoutes({ webhooks, ...(mqtt && { mqtt }), account, zone: steered?.site.zone ?? settings.timezone, rooms: server }),
    OURS,
  )
  server.register(communityRegistryRoutes({ account, zone: steered?.site.zone ?? settings.timezone, rooms: server }), OURS)
  server.register(communityDeclarationRoutes({ account, zone: steered?.site.zone ?? settings.timezone, rooms: server }), OURS)
  if (!steered) return
  const { line, site, charging, conversation, established, world } = steered
  server.register(orderRoutes(line, account, server.identity), OURS)
  server.register(stationRoutes({ charging, conversation, established, site, rooms: server }), OURS)
  server.register(wishRoutes({ charging, established, line, rooms: server }), OURS)
  server.register(tariffRoutes({ charging, established, rooms: server }), OURS)
  server.register(sessionExportRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationTariffRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationBlockRoutes({ charging, established, rooms: server }), OURS)
  server.register(chargingRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationModelRoutes({ charging, established, line, rooms: server }), OURS)
  server.register(stickerRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationSurveyRoutes({ charging, established, line, rooms: server }), OURS)
  server.register(campaignRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationSecurityRoutes({ charging, established, rooms: server }), OURS)
  server.register(contractRoutes({ charging, established, rooms: server }), OURS)
  server.register(citrineosBridgeRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationImportRoutes({ charging, established, site, rooms: server }), OURS)
  server.register(stationSyncRoutes({ charging, established, site, assets: server.assets, rooms: server }), OURS)
  server.register(stationUpstreamRoutes({ charging, established, rooms: server }), OURS)
  server.register(stationFileRoutes(charging))
  const citrine = {
    ...{ charging, account, established, site, identity: server.identity, store: house.store, log: house.log },
    ...{ outward: house.outward, near: nearby(settings), webhooks: house.webhooks, openOnLoopback: settings.citrineosOnLoopback ?? false },
  }
  server.register(citrineMessageRoutes(citrine))
  server.register(citrineDataRoutes(citrine))
  server.register(citrineSubscriptionRoutes(citrine))
  if (world) server.register(worldRoutes(world, { account, zone: site.zone, vehicles: vehiclesOf(site) }, server.identity), OURS)
  server.http.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
}

const vehiclesOf = ({ devices }: { devices: readonly { device: string; kind: string; asset: number }[] }) =>
  new Map(devices.filter(({ kind }) => kind === 'vehicle').map(({ device, asset }) => [device, asset]))
