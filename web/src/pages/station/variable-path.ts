/** Where a variable stands, read from its key: `evse@1.2/power[x]#actual`. */
import type { Variable } from '../../charging-wire.ts'

export interface VariablePath {
  component: { name: string; instance?: string; evse?: { id: number; connectorId?: number } }
  variable: { name: string; instance?: string }
  /** `actual`, `target`, `minset`, `maxset`. */
  attribute: string
}

const KEY = /^[^[@/]*(?:\[([^\]]*)\])?(?:@(\d+)(?:\.(\d+))?)?\/[^[#]*(?:\[([^\]]*)\])?#(\w+)$/

/** Names as the station writes them, what is beside them from the key (small letters: OCPP does not tell them apart). */
export function pathOf({ key, component, variable, evse }: Variable): VariablePath {
  const [, one, id, connector, other, attribute = 'actual'] = KEY.exec(key) ?? []
  const place = id === undefined ? evse : Number(id)
  return {
    component: {
      name: component,
      ...(one === undefined ? {} : { instance: one }),
      ...(place === null ? {} : { evse: { id: place, ...(connector === undefined ? {} : { connectorId: Number(connector) }) } }),
    },
    variable: { name: variable, ...(other === undefined ? {} : { instance: other }) },
    attribute,
  }
}

/** `Connector 1.2 · AvailabilityState`, `DeviceDataCtrlr · ItemsPerMessage (setvariables)`. */
export function nameOf(line: Variable): string {
  const { component, variable, attribute } = pathOf(line)
  const named = ({ name, instance }: { name: string; instance?: string }) => (instance ? `${name} (${instance})` : name)
  const place = component.evse ? ` ${[component.evse.id, component.evse.connectorId].filter((part) => part !== undefined).join('.')}` : ''
  return `${named(component)}${place} · ${named(variable)}${attribute === 'actual' ? '' : ` · ${attribute}`}`
}
