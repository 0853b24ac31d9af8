"""The kinds of node, by family. A flow file names them by `kind`."""

from ivr_flows.nodes.kind import KINDS, NAME, Name, Node  # first: the families, and what they import, need it

from ivr_flows.nodes.asking import ChooseNode, CollectNode, Question, RateNode  # isort: skip
from ivr_flows.nodes.deciding import BranchNode, LookupNode, PythonNode, RepeatNode
from ivr_flows.nodes.keeping import CallBackNode, RecordNode
from ivr_flows.nodes.leading import DialNode, HandOverNode, HangUpNode, QueueNode, ReturnNode, SubFlowNode
from ivr_flows.nodes.speaking import PlayNode, SayNode

__all__ = [
    "KINDS",
    "NAME",
    "BranchNode",
    "CallBackNode",
    "ChooseNode",
    "CollectNode",
    "DialNode",
    "HandOverNode",
    "HangUpNode",
    "LookupNode",
    "Name",
    "Node",
    "PlayNode",
    "PythonNode",
    "Question",
    "QueueNode",
    "RateNode",
    "RecordNode",
    "RepeatNode",
    "ReturnNode",
    "SayNode",
    "SubFlowNode",
]  # fmt: skip
