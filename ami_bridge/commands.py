"""Switch commands as AMI actions. Doing one twice is harmless; its effect comes home as an AMI event only."""

from ami_bridge import agent_flow, callback, handover
from ami_bridge.call_locks import CallLocks
from ami_bridge.events import SeenMember
from ami_bridge.parse import parse_channels, parse_members
from ami_bridge.switch import Headers, SwitchConnection, SwitchRefused
from app.contract.commands import (
    AnyCommand,
    CallBack,
    CommandResult,
    FollowUpCall,
    HandOver,
    HangUp,
    IncidentOverCall,
    LeaveHandOver,
    Pause,
    PlayFlow,
    QueueSkill,
    Resume,
    SignIn,
    SignOut,
    StopFlow,
    TakeBack,
)
from app.contract.ids import UniqueId

NORMAL_CLEARING = "16"
NO_PHONE = frozenset({"UNAVAILABLE", "INVALID"})
ALREADY = ("Already there", "Not there")


class Commander:
    """Carries out commands over its own connection and AMI user."""

    def __init__(self, switch: SwitchConnection) -> None:
        self._switch = switch
        self._calls = CallLocks()

    @property
    def is_connected(self) -> bool:
        return self._switch.is_connected

    async def obey(self, command: AnyCommand) -> CommandResult:
        """What Asterisk said. Raises SwitchUnavailable when it said nothing."""
        try:
            match command:
                case SignIn():
                    await self._sign_in(command)
                case SignOut():
                    await self._sign_out(command)
                case Pause():
                    await self._pause(command.seat, True, command.reason)
                case Resume():
                    await self._pause(command.seat, False, "")
                case HangUp():
                    await self._hang_up(command)
                case CallBack():
                    async with self._calls.of(command.call_id):
                        await callback.call_back(self._switch, command)
                case FollowUpCall() | IncidentOverCall():
                    async with self._calls.of(command.call_id):
                        await callback.ring_for_flow(self._switch, command)
                case HandOver() | LeaveHandOver() | TakeBack() | PlayFlow() | StopFlow():
                    async with self._calls.of(command.call_id):
                        await self._move(command)
        except SwitchRefused as refusal:
            return CommandResult(is_accepted=False, message=str(refusal))
        return CommandResult(is_accepted=True)

    async def _move(self, command: HandOver | LeaveHandOver | TakeBack | PlayFlow | StopFlow) -> None:
        match command:
            case HandOver():
                await handover.hand_over(self._switch, command)
            case LeaveHandOver():
                await handover.leave(self._switch, command)
            case TakeBack():
                await handover.take_back(self._switch, command)
            case PlayFlow():
                await agent_flow.play(self._switch, command)
            case StopFlow():
                await agent_flow.stop(self._switch, command)

    async def _sign_in(self, command: SignIn) -> None:
        """A seat holds one agent: whoever was there before is signed out of that queue first."""
        await self._refuse_without_phone(command.seat)
        there = await self._queues_of(command.seat)
        for skill in command.queues:
            member = there.get(skill.queue)
            if member is not None and member.agent != command.agent:
                await self._remove(command.seat, skill.queue)
            if member is None or member.agent != command.agent:
                await self._add(command, skill)
        wanted = (bool(command.pause_reason), command.pause_reason)
        own = [member for member in there.values() if member.agent == command.agent]
        if any((member.is_paused, member.reason) != wanted for member in own):
            await self._pause(command.seat, *wanted)

    async def _refuse_without_phone(self, seat: str) -> None:
        """An agent whose phone is not registered would wait for calls that cannot ring."""
        answer = await self._switch.call("GetVar", {"Variable": f"DEVICE_STATE({_interface(seat)})"})
        if answer[0].get("Value") in NO_PHONE:
            raise SwitchRefused(f"seat {seat} is not registered")

    async def _add(self, command: SignIn, skill: QueueSkill) -> None:
        headers = {
            "Queue": skill.queue,
            "Interface": _interface(command.seat),
            "StateInterface": _interface(command.seat),
            "MemberName": command.agent,
            "Penalty": str(skill.penalty),
            "Paused": _truth(bool(command.pause_reason)),
        }
        if command.pause_reason:
            headers["Reason"] = command.pause_reason
        await self._unless_already("QueueAdd", headers)

    async def _sign_out(self, command: SignOut) -> None:
        for member in (await self._queues_of(command.seat)).values():
            if member.agent == command.agent:
                await self._remove(command.seat, member.queue)

    async def _remove(self, seat: str, queue: str) -> None:
        await self._unless_already("QueueRemove", {"Queue": queue, "Interface": _interface(seat)})

    async def _pause(self, seat: str, is_paused: bool, reason: str) -> None:
        headers = {"Interface": _interface(seat), "Paused": _truth(is_paused)}
        if reason:
            headers["Reason"] = reason
        await self._switch.call("QueuePause", headers)

    async def _hang_up(self, command: HangUp) -> None:
        channels = parse_channels(await self._switch.call("CoreShowChannels", {}, is_list=True))
        channel = channels.get(UniqueId(command.call_id))
        if channel is None:
            raise SwitchRefused("this call has no channel any more")
        await self._switch.call("Hangup", {"Channel": channel, "Cause": NORMAL_CLEARING})

    async def _queues_of(self, seat: str) -> dict[str, SeenMember]:
        """The seat's memberships, by queue."""
        answer: list[Headers] = await self._switch.call("QueueStatus", {"Member": _interface(seat)}, is_list=True)
        return {member.queue: member for member in parse_members(answer) if member.seat == seat}

    async def _unless_already(self, action: str, headers: dict[str, str]) -> None:
        try:
            await self._switch.call(action, headers)
        except SwitchRefused as refusal:
            if not str(refusal).endswith(ALREADY):
                raise


def _interface(seat: str) -> str:
    return f"PJSIP/{seat}"


def _truth(value: bool) -> str:
    return "true" if value else "false"
